import pytest

from tests.features.sqllog import Features, features_of, pick

LOG = """
customer_id | occurred_at      | amount | order_id | quantity | discount | cost
a           | 2023-12-20T00:00 | 30     | 1        | 3        | 10       | 20
a           | 2024-01-11T00:00 | 10     | 2        | 1        |          |
a           | 2024-01-21T00:00 | 20     | 3        | 2        | 0        | 15
a           | 2024-02-03T00:00 | 40     | 4        | 5        | 10       | 30
a           | 2024-02-05T12:00 | -20    | 5        | -2       |          |
b           | 2024-02-09T00:00 | 5      | 6        | 1        |          |
"""


@pytest.fixture(scope="module")
def features() -> Features:
    return features_of(transactions=LOG, as_of="2024-02-10")


def test_the_windows_of_a_month_ahead(features: Features) -> None:
    lengths = [7, 8, 15, 30, 60]
    for days in lengths[2:]:
        assert f"net_spend_{days}d" in features["a"]
    assert "net_spend_365d" in features["a"]
    assert "net_spend_120d" not in features["a"]


def test_a_window_holds_what_is_no_older_than_it(features: Features) -> None:
    names = ("n_orders_30d", "net_spend_30d", "gross_spend_30d", "units_30d")
    assert pick(features, *names, "n_purchase_days_30d", "n_returns_30d") == {
        "a": {
            "n_orders_30d": 3,
            "net_spend_30d": 50,
            "gross_spend_30d": 70,
            "units_30d": 8,
            "n_purchase_days_30d": 3,
            "n_returns_30d": 1,
        },
        "b": {
            "n_orders_30d": 1,
            "net_spend_30d": 5,
            "gross_spend_30d": 5,
            "units_30d": 1,
            "n_purchase_days_30d": 1,
            "n_returns_30d": 0,
        },
    }


def test_the_last_year_is_always_there(features: Features) -> None:
    assert pick(features, "n_orders_365d", "net_spend_365d")["a"] == {
        "n_orders_365d": 4,
        "net_spend_365d": 80,
    }


def test_a_window_of_a_year_does_not_double_the_last_year() -> None:
    text = """
    customer_id | occurred_at | amount
    a           | 2021-01-01  | 10
    a           | 2024-01-01  | 10
    """
    features = features_of(transactions=text, as_of="2024-02-10", horizon_days=365)

    assert pick(features, "net_spend_365d", "n_orders_730d") == {
        "a": {"net_spend_365d": 10, "n_orders_730d": 1}
    }


def test_trends_set_a_window_against_the_one_before_it(features: Features) -> None:
    names = ("n_orders_trend_30d", "gross_spend_trend_30d", "n_orders_trend_60d")
    assert pick(features, *names) == {
        "a": {
            "n_orders_trend_30d": 0.5,
            "gross_spend_trend_30d": 0.4,
            "n_orders_trend_60d": 1,
        },
        "b": dict.fromkeys(names, 1),
    }


def test_a_trend_of_nothing_against_nothing_is_unknown() -> None:
    text = """
    customer_id | occurred_at | amount
    a           | 2023-08-01  | 10
    """
    features = features_of(transactions=text, as_of="2024-02-10")

    assert pick(features, "n_orders_trend_30d", "n_orders_pace_30d") == {
        "a": {"n_orders_trend_30d": None, "n_orders_pace_30d": -1}
    }


def test_pace_sets_a_window_against_the_whole_life(features: Features) -> None:
    recent, life = 3 / 30, 4 / 52

    assert pick(features, "n_orders_pace_30d") == {
        "a": {"n_orders_pace_30d": round((recent - life) / (recent + life), 6)},
        "b": {"n_orders_pace_30d": 0},
    }


def test_dispersion_is_over_order_values(features: Features) -> None:
    names = ("order_value_sd", "order_value_cv", "order_value_median")
    assert pick(features, *names, "largest_order_share", "order_value_min")["a"] == {
        "order_value_sd": 12.909944,
        "order_value_cv": 0.516398,
        "order_value_median": 25,
        "largest_order_share": 0.4,
        "order_value_min": 10,
    }
    assert pick(features, *names, "largest_order_share")["b"] == {
        "order_value_sd": None,
        "order_value_cv": None,
        "order_value_median": 5,
        "largest_order_share": 1,
    }


def test_the_last_three_orders_are_set_against_all(features: Features) -> None:
    assert pick(features, "mean_order_value_last_3", "order_value_trend")["a"] == {
        "mean_order_value_last_3": 23.333333,
        "order_value_trend": -0.034483,
    }


def test_a_sum_halves_with_every_half_life() -> None:
    text = """
    customer_id | occurred_at | amount
    a           | 2023-12-12  | 100
    a           | 2024-01-11  | 10
    """
    features = features_of(transactions=text, as_of="2024-02-10")

    names = ("net_spend_half_life_30d", "n_orders_half_life_30d")
    assert pick(features, *names, "n_orders_half_life_120d") == {
        "a": {
            "net_spend_half_life_30d": 30,
            "n_orders_half_life_30d": 0.75,
            "n_orders_half_life_120d": round(0.5**0.5 + 0.5**0.25, 6),
        }
    }


def test_discount_return_and_margin_are_shares_of_money(features: Features) -> None:
    names = ("discount_share", "discounted_order_share", "margin_share", "margin")
    assert pick(features, *names, "return_share", "returned_value")["a"] == {
        "discount_share": 0.166667,
        "discounted_order_share": 0.5,
        "margin_share": 0.277778,
        "margin": 25,
        "return_share": 0.2,
        "returned_value": 20,
    }
    assert pick(features, *names, "return_share", "days_since_last_return")["b"] == {
        "discount_share": 0,
        "discounted_order_share": 0,
        "margin_share": None,
        "margin": None,
        "return_share": 0,
        "days_since_last_return": None,
    }


@pytest.mark.parametrize("name", ["discount_share", "margin_share", "units_30d"])
def test_what_the_log_does_not_hold_makes_no_feature(name: str) -> None:
    text = """
    customer_id | occurred_at | amount
    a           | 2024-01-01  | 10
    """

    assert name not in features_of(transactions=text, as_of="2024-02-10")["a"]
