"""What a score holds: one row a customer, the same names everywhere.

The Parquet file, the store, the API and the exports all carry these columns.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

TEXT = pa.struct([("en", pa.string()), ("zh", pa.string())])
"""A sentence in English and in Chinese."""

REASON = pa.struct(
    [
        ("feature", pa.string()),
        ("value", pa.float64()),
        ("usual", pa.float64()),
        ("contribution", pa.float64()),
        ("en", pa.string()),
        ("zh", pa.string()),
    ]
)
"""One driver. ``contribution`` is in the unit of the score it explains."""

GAP = pa.struct(
    [
        ("tier", pa.string()),
        ("amount", pa.float64()),
        ("en", pa.string()),
        ("zh", pa.string()),
    ]
)
"""What is missing to the next tier up."""

SCORE_SCHEMA = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("as_of", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("model_version", pa.string(), nullable=False),
        ("churn_probability", pa.float64()),
        ("expected_value", pa.float64()),
        ("value_low", pa.float64()),
        ("value_high", pa.float64()),
        ("expected_orders", pa.float64()),
        ("next_order_on", pa.date32()),
        ("risk_band", pa.string()),
        pa.field("lifecycle_stage", pa.string(), nullable=False),
        pa.field("tier", pa.string(), nullable=False),
        ("tier_reason", TEXT),
        ("gap_to_next_tier", GAP),
        ("cluster", pa.int64()),
        ("cluster_name", TEXT),
        ("priority", pa.int64()),
        ("value_at_risk", pa.float64()),
        pa.field("score_basis", pa.string(), nullable=False),
        ("score_basis_reason", pa.string()),
        ("churn_reasons", pa.list_(REASON)),
        ("value_reasons", pa.list_(REASON)),
    ]
)
"""The columns of a score, in order.

``priority`` is the rank by ``value_at_risk``, 1 first. The reasons' contributions add
up to the served score: after the drivers come ``other_features`` and ``base``.
"""

OTHER, BASE = "other_features", "base"
"""The closing rows of a list of reasons."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a run knew of all its customers, needed to score one more alike.

    Parameters
    ----------
    as_of : datetime
        The instant of the run, UTC.
    currency : str or None
        The currency of every amount, where the log names one.
    not_products : tuple of str
        Product ids whose rows the log set aside.
    tiers : mapping
        The cuts of the tier policy over the run's customers.
    fingerprint : str or None
        Of the rows that the run saw; None where it was not taken.
    facts : mapping of str to str
        The facts that the store keeps beside the scores, in order, and the
        ``RuleType`` of each by its name.
    primary : str
        The tier scheme that fills ``tier``.
    schemes : mapping
        Each tier scheme's terms and cuts, and what the run made of it.
    overrides : tuple of mapping
        The tiers set by hand that held.
    actions : mapping
        The catalogue of actions that the run chose from, and what was left out of it.
    before : str or None
        The run whose classes this one goes on from; None for none.
    """

    as_of: datetime
    currency: str | None = None
    not_products: tuple[str, ...] = ()
    tiers: dict[str, Any] = field(default_factory=dict)
    fingerprint: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    primary: str = "abc"
    schemes: dict[str, Any] = field(default_factory=dict)
    overrides: tuple[dict[str, Any], ...] = ()
    actions: dict[str, Any] = field(default_factory=dict)
    before: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**asdict(self), "as_of": self.as_of.isoformat()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RunContext:
        """Restore what ``to_dict`` gave."""
        restored = {
            **values,
            "as_of": datetime.fromisoformat(values["as_of"]),
            "not_products": tuple(values["not_products"]),
            "overrides": tuple(values.get("overrides", ())),
        }
        return cls(**restored)
