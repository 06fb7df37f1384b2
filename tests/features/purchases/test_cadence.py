import pytest

from tests.features.sqllog import Features, features_of, pick

LOG = """
customer_id | occurred_at      | amount
a           | 2024-01-01       | 10
a           | 2024-01-05       | 10
a           | 2024-01-05T20:00 | 10
a           | 2024-01-15       | 10
a           | 2024-01-31       | 10
once        | 2024-01-31       | 10
twice       | 2024-01-01       | 10
twice       | 2024-01-11       | 10
"""


@pytest.fixture(scope="module")
def features() -> Features:
    return features_of(transactions=LOG, as_of="2024-02-10")


def test_gaps_are_between_purchase_days(features: Features) -> None:
    names = ("gap_mean", "gap_sd", "gap_min", "gap_max", "gap_last", "gap_median")
    assert pick(features, *names, "days_between_first_and_second") == {
        "a": {
            "gap_mean": 10,
            "gap_sd": 6,
            "gap_min": 4,
            "gap_max": 16,
            "gap_last": 16,
            "gap_median": 10,
            "days_between_first_and_second": 4,
        },
        "once": dict.fromkeys((*names, "days_between_first_and_second")),
        "twice": {
            "gap_mean": 10,
            "gap_sd": None,
            "gap_min": 10,
            "gap_max": 10,
            "gap_last": 10,
            "gap_median": 10,
            "days_between_first_and_second": 10,
        },
    }


def test_overdue_is_the_silence_against_the_usual_gap(features: Features) -> None:
    names = ("overdue_ratio", "overdue_ratio_to_longest", "share_of_gaps_outlasted")
    assert pick(features, *names) == {
        "a": {
            "overdue_ratio": 1,
            "overdue_ratio_to_longest": 0.625,
            "share_of_gaps_outlasted": 0.666667,
        },
        "once": dict.fromkeys(names),
        "twice": {
            "overdue_ratio": 3,
            "overdue_ratio_to_longest": 3,
            "share_of_gaps_outlasted": 1,
        },
    }


def test_gaps_that_grow_have_a_trend_above_nought(features: Features) -> None:
    growing = pick(features, "gap_trend", "gap_mean_last_3", "gap_cv")["a"]

    assert growing == {"gap_trend": 0.529412, "gap_mean_last_3": 10, "gap_cv": 0.6}


def test_equal_gaps_have_no_spread_at_all() -> None:
    text = """
    customer_id | occurred_at | amount
    a           | 2024-01-01  | 10
    a           | 2024-01-08  | 10
    a           | 2024-01-15  | 10
    a           | 2024-01-22  | 10
    """
    features = features_of(transactions=text, as_of="2024-02-10")

    assert pick(features, "gap_cv", "gap_sd", "gap_trend") == {
        "a": {"gap_cv": 0, "gap_sd": 0, "gap_trend": 0}
    }
