from datetime import timedelta
from typing import Any

import pytest

from features.errors import ConfigError
from features.purchases.build import build_features
from features.purchases.labels import build_labels
from tests.features.sqllog import at, open_log, plan_for

LOG = """
customer_id | occurred_at         | amount | order_id | known_at
gone        | 2024-01-01          | 10     | 1        |
back        | 2024-01-01          | 10     | 2        |
back        | 2024-02-10          | 20     | 3        |
back        | 2024-02-20          | 5      | 3        |
back        | 2024-02-20          | 7      | 4        |
back        | 2024-02-21          | -2     | 5        |
returns     | 2024-01-01          | 10     | 6        |
returns     | 2024-02-12          | -10    | 7        |
edge        | 2024-02-09T23:59:59 | 10     | 8        |
edge        | 2024-03-11          | 99     | 9        |
free        | 2024-01-01          | 10     | 10       |
free        | 2024-02-12          | 0      | 11       |
late        | 2024-01-01          | 10     | 12       |
late        | 2024-02-12          | 30     | 13       | 2025-01-01
unknown     | 2024-01-01          | 10     | 14       | 2024-02-10
new         | 2024-02-10          | 10     | 15       |
"""


def labels_of(*windows: tuple[str, int]) -> list[dict[str, Any]]:
    pairs = [(at(as_of), timedelta(days=days)) for as_of, days in windows]
    rows: list[dict[str, Any]] = build_labels(
        open_log(transactions=LOG), pairs
    ).to_pylist()
    return rows


def test_labels_say_what_came_in_the_window() -> None:
    labels = {
        row["customer_id"]: (row["churned"], row["value"], row["n_orders"])
        for row in labels_of(("2024-02-10", 30))
    }

    assert labels == {
        "gone": (True, 0, 0),
        "back": (False, 30, 2),
        "returns": (True, -10, 0),
        "edge": (True, 0, 0),
        "free": (True, 0, 0),
        "late": (False, 30, 1),
    }


def test_the_window_starts_at_as_of_and_ends_before_its_end() -> None:
    a_day_longer = {
        row["customer_id"]: row["value"] for row in labels_of(("2024-02-10", 31))
    }

    assert a_day_longer["edge"] == 99
    assert a_day_longer["back"] == 30


def test_many_windows_are_the_single_ones_together() -> None:
    windows = [("2024-02-10", 30), ("2024-02-10", 60), ("2024-02-01", 10)]

    together = labels_of(*windows)

    apart = [row for window in windows for row in labels_of(window)]
    order = ("as_of", "horizon_days", "customer_id")
    assert together == sorted(apart, key=lambda row: [row[name] for name in order])
    assert {row["horizon_days"] for row in together} == {10, 30, 60}


def test_labels_stand_row_by_row_beside_features() -> None:
    log = open_log(transactions=LOG)
    instants = [at("2024-02-10"), at("2024-02-13"), at("2023-06-01")]

    features = build_features(log, plan_for(log, "2024-02-13"), as_of=instants)
    labels = build_labels(log, [(instant, timedelta(days=30)) for instant in instants])

    keys = ["customer_id", "as_of"]
    assert features.select(keys).to_pylist() == labels.select(keys).to_pylist()


def test_no_window_gives_no_label() -> None:
    assert labels_of() == []


def test_a_horizon_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="longer than nothing"):
        labels_of(("2024-02-10", 0))
