"""Scores and runs made by hand, for the tests of serving."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from features.errors import BundleError
from models.score.schema import SCORE_SCHEMA, RunContext

if TYPE_CHECKING:
    from features.purchases.numpy.families.places import SlowFamily
    from serving.predict.scorer import Scorer

AS_OF = datetime(2011, 12, 10, tzinfo=UTC)


def score(number: int, **changes: Any) -> dict[str, Any]:
    """Return one customer's score; higher numbers have less value at risk."""
    reason = {
        "feature": "days_since_last_order",
        "value": 74.0,
        "usual": 21.0,
        "contribution": 0.125,
        "en": 'Last order 74 days ago; "usually" every 21.',
        "zh": "上次下单在 74 天前",
    }
    row = {
        "customer_id": f"c{number:05}",
        "as_of": AS_OF,
        "model_version": "1",
        "churn_probability": 0.1 + number % 7 / 10,
        "expected_value": 1000.0 / (number + 1),
        "value_low": 0.0,
        "value_high": 2000.0 / (number + 1),
        "expected_orders": 1.5,
        "next_order_on": date(2012, 1, 1) + timedelta(days=number % 90),
        "risk_band": ("low", "medium", "high")[number % 3],
        "lifecycle_stage": "active",
        "tier": ("VIP", "A", "B", "C")[number % 4],
        "tier_reason": {"en": "Top by value.", "zh": "价值居前"},
        "gap_to_next_tier": None,
        "cluster": number % 5,
        "cluster_name": {"en": "Steady", "zh": "稳定"},
        "priority": number + 1,
        "value_at_risk": 500.0 / (number + 1),
        "score_basis": "model",
        "score_basis_reason": None,
        "churn_reasons": [reason],
        "value_reasons": [],
    }
    return row | changes


def scored(n: int, **changes: Any) -> pa.Table:
    """Return the scores of n customers, all changed alike."""
    return table_of([score(number, **changes) for number in range(n)])


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    """Return rows as a run's table."""
    return pa.Table.from_pylist(rows, schema=SCORE_SCHEMA)


def context(as_of: datetime = AS_OF) -> RunContext:
    """Return what a run knew of all its customers."""
    return RunContext(as_of, currency="GBP", tiers={"A": 100.0})


def described(version: str = "1") -> dict[str, Any]:
    """Return what a run says of its model."""
    return {"version": version, "grade": "B", "horizon_days": 90}


class Shelved(str):
    """A scorer by its bundle's name, without slow features unless they are set."""

    slow_families: tuple[SlowFamily, ...] = ()


class Shelf:
    """A registry in memory: any version is sound until it is spoilt."""

    def __init__(self) -> None:
        self.spoilt: set[str] = set()
        self.slow_families: tuple[SlowFamily, ...] = ()
        self.asked: list[str] = []

    def get(self, version: str) -> Scorer:
        """Return a scorer or refuse its bundle."""
        self.asked.append(version)
        if version in self.spoilt:
            raise BundleError(f"Version {version} does not match its hashes.")
        scorer: Any = Shelved(f"bundle {version}")
        scorer.slow_families = self.slow_families
        return cast("Scorer", scorer)
