import pytest

from tests.features.sqllog import Features, features_of, pick

LOG = """
customer_id | occurred_at      | amount | order_id
a           | 2023-02-10T08:00 | 30     | 1
a           | 2023-03-11T12:00 | 10     | 2
a           | 2023-03-12T00:00 | 70     | 3
a           | 2024-01-06T16:00 | 40     | 4
b           | 2024-01-08T00:00 | 5      | 5
"""


@pytest.fixture(scope="module")
def features() -> Features:
    return features_of(transactions=LOG, as_of="2024-02-10")


def test_saturday_and_sunday_are_the_weekend(features: Features) -> None:
    assert pick(features, "weekend_share") == {
        "a": {"weekend_share": 0.75},
        "b": {"weekend_share": 0},
    }


def test_months_are_counted_over_the_years(features: Features) -> None:
    assert pick(features, "n_months_of_year", "month_of_year_hhi")["a"] == {
        "n_months_of_year": 3,
        "month_of_year_hhi": 0.375,
    }


def test_the_coming_season_is_looked_up_a_year_ago(features: Features) -> None:
    names = ("net_spend_year_ago_30d", "n_orders_year_ago_30d")
    assert pick(features, *names) == {
        "a": {"net_spend_year_ago_30d": 40, "n_orders_year_ago_30d": 2},
        "b": dict.fromkeys(names),
    }


def test_in_season_orders_are_a_share_of_the_older_ones(features: Features) -> None:
    assert pick(features, "in_season_order_share") == {
        "a": {"in_season_order_share": 0.5},
        "b": {"in_season_order_share": 0},
    }


def test_the_hour_is_used_where_times_are_given(features: Features) -> None:
    dates_only = """
    customer_id | occurred_at | amount
    a           | 2024-01-01  | 10
    """

    assert pick(features, "mean_hour_of_day")["a"] == {"mean_hour_of_day": 9}
    assert (
        "mean_hour_of_day"
        not in features_of(transactions=dates_only, as_of="2024-02-10")["a"]
    )
