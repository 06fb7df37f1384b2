"""Snapshots: features and labels of many instants, row by row the same customers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from features.door.log_files import Log
from features.purchases.plan import FeaturePlan, plan_features
from tests.buyers import STARTS_AT, Row, Rows
from tests.conftest import AS_OF, HORIZON_DAYS
from training.origin import Origin
from training.snapshots import Snapshots, build_snapshots

EARLY = Origin(AS_OF - timedelta(days=120), 30)
LONGER = Origin(AS_OF - timedelta(days=120), 90)
LATE = Origin(AS_OF - timedelta(days=60), 60)


@pytest.fixture(scope="module")
def plan(buyers_log: Log) -> FeaturePlan:
    """Plan the features as of ``AS_OF``."""
    horizon = timedelta(days=HORIZON_DAYS)
    return plan_features(buyers_log, as_of=AS_OF, horizon=horizon)


@pytest.fixture(scope="module")
def snapshots(buyers_log: Log, plan: FeaturePlan) -> Snapshots:
    """Build the snapshots of three origins."""
    origins = [LATE, EARLY, LONGER]
    return build_snapshots(buyers_log, plan, as_of=AS_OF, origins=origins)


def outcome(rows: Rows, customer_id: str, origin: Origin) -> dict[str, float]:
    """Return what a customer did in the label window, by hand."""
    inside = [
        row
        for row in rows.of(customer_id).transactions
        if origin.as_of <= row["occurred_at"] < origin.ends_at
    ]
    orders = {row["order_id"] for row in inside if row["amount"] > 0}
    return {
        "churned": float(not orders),
        "value": sum(row["amount"] for row in inside),
        "n_orders": float(len(orders)),
    }


def test_there_are_features_of_each_instant_and_labels_of_each_origin(
    snapshots: Snapshots,
) -> None:
    assert set(snapshots.features) == {AS_OF, EARLY.as_of, LATE.as_of}
    assert set(snapshots.labels) == {EARLY, LONGER, LATE}


def test_labels_are_of_the_customers_of_the_features(
    snapshots: Snapshots, plan: FeaturePlan
) -> None:
    for origin, labels in snapshots.labels.items():
        features = snapshots.features[origin.as_of]
        assert labels.index.equals(features.index)
        assert labels.index.is_monotonic_increasing
        assert not labels.isna().any(axis=None)
        assert set(labels["churned"]) <= {0.0, 1.0}
        assert list(features.columns) == list(plan.names)


def test_labels_are_what_came(rows: Rows, snapshots: Snapshots) -> None:
    for origin, labels in snapshots.labels.items():
        found = labels[["churned", "value", "n_orders"]].iloc[::7]
        by_hand = [outcome(rows, str(name), origin) for name in found.index]
        expected = pd.DataFrame(by_hand, index=found.index)
        pd.testing.assert_frame_equal(found, expected)


def test_a_longer_label_holds_the_shorter(snapshots: Snapshots) -> None:
    short, long = snapshots.labels[EARLY], snapshots.labels[LONGER]
    assert (long["churned"] <= short["churned"]).all()
    assert (long["n_orders"] >= short["n_orders"]).all()


def test_features_do_not_depend_on_the_other_instants(
    buyers_log: Log, plan: FeaturePlan, snapshots: Snapshots
) -> None:
    alone = build_snapshots(buyers_log, plan, as_of=EARLY.as_of, origins=[])
    assert alone.labels == {}
    pd.testing.assert_frame_equal(
        alone.features[EARLY.as_of], snapshots.features[EARLY.as_of], check_exact=True
    )


def buy(customer_id: str, day: float, **more: Any) -> Row:
    """Return a purchase of 10."""
    occurred_at = STARTS_AT + timedelta(days=day)
    row = {"customer_id": customer_id, "occurred_at": occurred_at, "amount": 10.0}
    return {**row, "known_at": occurred_at + timedelta(hours=1), **more}


def day(number: float) -> datetime:
    """Return an instant of the log."""
    return STARTS_AT + timedelta(days=number)


def test_a_label_that_is_over_is_what_was_known_of_it() -> None:
    """A row of the window that became known at the fit or later is not seen."""
    rows = [buy("a", 1), buy("a", 15, known_at=day(40)), buy("b", 1), buy("b", 15)]
    origin = Origin(day(10), 20)
    with Rows(tuple(rows), ()).open() as log:
        plan = plan_features(log, as_of=day(30), horizon=timedelta(days=20))
        built = [
            build_snapshots(log, plan, as_of=as_of, origins=[origin]).labels[origin]
            for as_of in (day(30), day(40), day(41), day(10))
        ]
    churned = [labels["churned"].to_dict() for labels in built]
    unknown, known = {"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 0.0}
    assert churned == [unknown, unknown, known, known]
