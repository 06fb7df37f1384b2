"""Runs with facts, for the tests of lists."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from models.score.fact_types import describe_facts
from models.score.schema import RunContext
from serving.store import Publication, Store, publish
from serving.store.facts import Beside
from tests.serving.samples import AS_OF, context, described, score, table_of

FACTS: dict[str, tuple[pa.DataType, Any]] = {
    "gap_amount": (pa.float64(), 100.0),
    "net_spend": (pa.float64(), 900.0),
    "net_spend_365d": (pa.float64(), 400.0),
    "net_spend_prior_365d": (pa.float64(), 400.0),
    "n_orders_365d": (pa.float64(), 4.0),
    "n_orders_prior_365d": (pa.float64(), 4.0),
    "days_since_first_order": (pa.float64(), 800.0),
    "return_share": (pa.float64(), 0.0),
    "n_contacts_365d": (pa.float64(), 0.0),
    "contact_minutes_365d": (pa.float64(), 0.0),
    "contact_cost_365d": (pa.float64(), 0.0),
    "days_since_last_contact": (pa.float64(), None),
    "has_open_complaint": (pa.bool_(), False),
    "csat_last": (pa.float64(), None),
    "nps_last": (pa.float64(), None),
    "contact_owner_id": (pa.string(), None),
    "owner_id": (pa.string(), None),
    "region": (pa.string(), "East"),
    "joined_at": (pa.timestamp("us", "UTC"), None),
}
"""Each fact's type, and what it usually is."""


def run_of(
    rows: dict[str, dict[str, Any]], *, day: int = 0
) -> tuple[pa.Table, RunContext, Beside]:
    """Return a run's scores, context and facts; a row says what is not as usual."""
    as_of = AS_OF + timedelta(days=day)
    names = set(table_of([]).column_names)
    scored = [
        score(place, customer_id=name, as_of=as_of)
        | {key: value for key, value in row.items() if key in names}
        for place, (name, row) in enumerate(rows.items())
    ]
    known = pa.table(
        {
            name: pa.array([row.get(name, usual) for row in rows.values()], kind)
            for name, (kind, usual) in FACTS.items()
        }
    )
    table = table_of(scored)
    run = replace(context(as_of), facts=describe_facts(known))
    return table, run, Beside(table["customer_id"], known, [None] * len(rows))


def publish_run(
    store: Store, rows: dict[str, dict[str, Any]], *, day: int = 0, keep: int = 30
) -> str:
    """Publish customers, as many days after the first run."""
    table, run, beside = run_of(rows, day=day)
    return publish(
        store,
        Publication(table, context=run, model=described(), beside=beside),
        keep=keep,
    )


def instant(day: int) -> datetime:
    """Return the as_of of the run of a day."""
    return AS_OF + timedelta(days=day)
