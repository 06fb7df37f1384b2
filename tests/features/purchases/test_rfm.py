from tests.features.sqllog import features_of, pick

LOG = """
customer_id | occurred_at      | amount | order_id
a           | 2024-01-01T10:00 | 10     | 1
a           | 2024-01-01T10:00 | 5      | 1
a           | 2024-01-01T18:00 | 7      | 2
a           | 2024-01-11T09:00 | 20     | 3
a           | 2024-01-12T09:00 | -4     | 4
a           | 2024-01-31T12:00 | 40     | 5
b           | 2024-01-20T00:00 | 8      | 6
c           | 2024-01-20T00:00 | -8     | 7
d           | 2024-01-20T00:00 | 0      | 8
e           | 2024-02-10T00:00 | 50     | 9
"""


def test_buy_till_you_die_columns_count_purchase_days() -> None:
    features = features_of(transactions=LOG, as_of="2024-02-10")

    assert pick(features, "frequency", "recency", "T", "monetary_value") == {
        "a": {"frequency": 2, "recency": 30, "T": 40, "monetary_value": 30},
        "b": {"frequency": 0, "recency": 0, "T": 21, "monetary_value": 0},
    }


def test_orders_are_counted_by_their_id() -> None:
    features = features_of(transactions=LOG, as_of="2024-02-10")

    assert pick(features, "n_orders", "n_purchase_days", "mean_lines_per_order") == {
        "a": {"n_orders": 4, "n_purchase_days": 3, "mean_lines_per_order": 1.25},
        "b": {"n_orders": 1, "n_purchase_days": 1, "mean_lines_per_order": 1},
    }


def test_money_is_net_of_returns_and_gross_is_not() -> None:
    features = features_of(transactions=LOG, as_of="2024-02-10")

    names = ("net_spend", "gross_spend", "mean_order_value", "first_order_value")
    assert pick(features, *names, "last_order_value")["a"] == {
        "net_spend": 78,
        "gross_spend": 82,
        "mean_order_value": 20.5,
        "first_order_value": 15,
        "last_order_value": 40,
    }


def test_days_since_are_to_the_instant() -> None:
    features = features_of(transactions=LOG, as_of="2024-02-10T06:00")

    names = ("days_since_last_order", "days_since_first_order", "T")
    assert pick(features, *names)["a"] == {
        "days_since_last_order": 9.75,
        "days_since_first_order": 39.833333,
        "T": 40.25,
    }


def test_an_order_at_as_of_is_not_seen() -> None:
    at_midnight = features_of(transactions=LOG, as_of="2024-02-10")
    just_after = features_of(transactions=LOG, as_of="2024-02-10T00:00:00.000001")

    assert set(at_midnight) == {"a", "b"}
    assert set(just_after) == {"a", "b", "e"}


def test_without_order_ids_an_instant_is_an_order() -> None:
    text = """
    customer_id | occurred_at      | amount
    a           | 2024-01-01T10:00 | 10
    a           | 2024-01-01T10:00 | 5
    a           | 2024-01-01T18:00 | 7
    """
    features = features_of(transactions=text, as_of="2024-02-10")

    assert pick(features, "n_orders", "last_order_value") == {
        "a": {"n_orders": 2, "last_order_value": 7}
    }


def test_one_order_id_used_by_two_customers_is_two_orders() -> None:
    text = """
    customer_id | occurred_at | amount | order_id
    a           | 2024-01-01  | 10     | 1
    b           | 2024-01-02  | 5      | 1
    """
    features = features_of(transactions=text, as_of="2024-02-10")

    assert pick(features, "n_orders", "net_spend") == {
        "a": {"n_orders": 1, "net_spend": 10},
        "b": {"n_orders": 1, "net_spend": 5},
    }


def test_a_row_not_yet_known_is_not_seen() -> None:
    text = """
    customer_id | occurred_at | amount | known_at
    a           | 2024-01-01  | 10     |
    a           | 2024-01-02  | 20     | 2024-02-10
    a           | 2024-01-03  | 40     | 2024-02-09T23:59
    a           | 2024-01-04  | 80     | 2023-12-01
    """
    features = features_of(transactions=text, as_of="2024-02-10")

    assert pick(features, "net_spend") == {"a": {"net_spend": 130}}
