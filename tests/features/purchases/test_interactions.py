import pytest

from tests.features.sqllog import Features, features_of, pick

PURCHASES = """
customer_id | occurred_at      | amount
a           | 2024-01-01T00:00 | 10
a           | 2024-01-20T00:00 | 30
b           | 2024-01-20T00:00 | 10
"""
CONTACTS = """
customer_id | occurred_at      | type | direction | value | minutes | cost | known_at
a           | 2023-12-20T00:00 | call | outbound  |       | 10      | 2    |
a           | 2024-01-15T00:00 | call | outbound  | 4     | 5       | 1    |
a           | 2024-01-18T00:00 | mail | inbound   | -2    |         |      |
a           | 2024-01-20T00:00 | call | outbound  | 8     | 1       |      |
a           | 2024-02-01T00:00 | call | outbound  |       |         |      | 2024-02-10
c           | 2024-01-15T00:00 | call | outbound  | 4     | 5       | 1    |
"""


@pytest.fixture(scope="module")
def features() -> Features:
    return features_of(
        transactions=PURCHASES, interactions=CONTACTS, as_of="2024-02-10"
    )


def test_interactions_are_counted_by_type_and_direction(features: Features) -> None:
    names = ("n_interactions", "n_interaction_call_outbound")
    more = ("n_interaction_call_outbound_30d", "n_interaction_mail_inbound_30d")
    assert pick(features, *names, *more) == {
        "a": {
            "n_interactions": 4,
            "n_interaction_call_outbound": 3,
            "n_interaction_call_outbound_30d": 2,
            "n_interaction_mail_inbound_30d": 1,
        },
        "b": dict.fromkeys((*names, *more), 0),
    }


def test_days_since_and_values_are_null_where_there_was_none(
    features: Features,
) -> None:
    names = (
        "days_since_interaction",
        "days_since_interaction_mail_inbound",
        "interaction_call_outbound_last_value",
        "interaction_call_outbound_mean_value",
    )
    assert pick(features, *names) == {
        "a": {
            "days_since_interaction": 21,
            "days_since_interaction_mail_inbound": 23,
            "interaction_call_outbound_last_value": 8,
            "interaction_call_outbound_mean_value": 6,
        },
        "b": dict.fromkeys(names),
    }


def test_the_trend_sets_the_horizon_against_the_time_before(features: Features) -> None:
    assert pick(features, "interaction_call_outbound_trend_30d") == {
        "a": {"interaction_call_outbound_trend_30d": 0.333333},
        "b": {"interaction_call_outbound_trend_30d": None},
    }


def test_minutes_cost_and_direction_are_summed_over_all_types(
    features: Features,
) -> None:
    names = ("interaction_minutes_30d", "interaction_cost_30d", "inbound_share")
    assert pick(features, *names) == {
        "a": {
            "interaction_minutes_30d": 6,
            "interaction_cost_30d": 1,
            "inbound_share": 0.25,
        },
        "b": {
            "interaction_minutes_30d": 0,
            "interaction_cost_30d": 0,
            "inbound_share": None,
        },
    }


def test_orders_follow_an_interaction_strictly_before_them(features: Features) -> None:
    names = (
        "orders_within_7d_of_interaction_share",
        "orders_within_30d_of_interaction_share",
        "interactions_answered_within_7d_share",
        "n_interactions_since_last_order",
    )
    assert pick(features, *names) == {
        "a": {
            "orders_within_7d_of_interaction_share": 0.5,
            "orders_within_30d_of_interaction_share": 1,
            "interactions_answered_within_7d_share": 0.5,
            "n_interactions_since_last_order": 0,
        },
        "b": {
            "orders_within_7d_of_interaction_share": 0,
            "orders_within_30d_of_interaction_share": 0,
            "interactions_answered_within_7d_share": None,
            "n_interactions_since_last_order": 0,
        },
    }


def test_spend_is_set_against_interactions(features: Features) -> None:
    names = ("interactions_per_order", "net_spend_per_interaction")
    assert pick(features, *names, "net_spend_per_interaction_30d") == {
        "a": {
            "interactions_per_order": 2,
            "net_spend_per_interaction": 10,
            "net_spend_per_interaction_30d": 10,
        },
        "b": {
            "interactions_per_order": 0,
            "net_spend_per_interaction": None,
            "net_spend_per_interaction_30d": None,
        },
    }


def test_a_customer_with_interactions_but_no_purchase_has_no_row(
    features: Features,
) -> None:
    assert set(features) == {"a", "b"}


def test_joining_is_seen_once_it_has_happened() -> None:
    customers = """
    customer_id | joined_at
    a           | 2023-12-01
    b           | 2024-03-01
    """
    features = features_of(
        transactions=PURCHASES, customers=customers, as_of="2024-02-10"
    )

    assert pick(features, "days_since_joined", "days_from_joined_to_first_order") == {
        "a": {"days_since_joined": 71, "days_from_joined_to_first_order": 31},
        "b": {"days_since_joined": None, "days_from_joined_to_first_order": None},
    }


def test_types_of_any_spelling_make_columns_of_their_own() -> None:
    contacts = """
    customer_id | occurred_at | type
    a           | 2024-01-15  | it's; drop table transactions --
    a           | 2024-01-16  | s
    a           | 2024-01-16  | 退货
    a           | 2024-01-17  | call 30d
    a           | 2024-01-17  | call
    a           | 2024-01-17  | Call
    a           | 2024-01-17  | types
    """
    features = features_of(
        transactions=PURCHASES, interactions=contacts, as_of="2024-02-10"
    )

    counted = {
        name: value
        for name, value in features["a"].items()
        if name.startswith("days_since_interaction_")
    }
    assert len(counted) == 7
    assert None not in counted.values()
    assert len(set(features["a"])) == len(features["a"])
