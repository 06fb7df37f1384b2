"""Tiers over time: where customers stand, stood and moved, by each scheme."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.tiers import PREFIX
from serving.errors import UnknownCustomerError
from serving.runs.published import Run, earlier_runs, published_run
from serving.store.engine import Store
from serving.store.tables import (
    SCORES_AND_FACTS,
    facts,
    overrides,
    scores,
)

SCORED = "scored"


def history(store: Store, customer_id: str) -> list[dict[str, Any]]:
    """Return a customer's score and classes in every run that is kept, newest first.

    Raises
    ------
    UnknownCustomerError
        If no run holds the customer.
    UnpublishedError
        If there is no run.
    """
    points = []
    with store.read() as con:
        last = published_run(con)
        for run in (last, *earlier_runs(con, last)):
            point = None if "\0" in customer_id else _point(con, run, customer_id)
            if point is not None:
                points.append(point)
    if not points:
        raise UnknownCustomerError("The customer is unknown.")
    return points


def _point(con: Connection, run: Run, customer_id: str) -> dict[str, Any] | None:
    columns = (
        scores.c.tier,
        scores.c.churn_probability,
        scores.c.expected_value,
        scores.c.value_at_risk,
        scores.c.priority,
        scores.c.risk_band,
        scores.c.lifecycle_stage,
    )
    query = (
        sa.select(
            *columns, sa.cast(facts.c.facts, sa.Text).label("facts"), facts.c.moves
        )
        .select_from(SCORES_AND_FACTS)
        .where(scores.c.run == run.number, scores.c.customer_id == customer_id)
    )
    row = con.execute(query).one_or_none()
    if row is None:
        return None
    moves = json.loads(row.moves or "{}")
    values = json.loads(row.facts) if row.facts else []
    own_facts = dict(zip(run.context.get("facts", {}), values, strict=False))
    return {
        "run_id": run.run_id,
        "as_of": run.as_of,
        "model_version": run.model_version,
        **{column.name: getattr(row, column.name) for column in columns},
        "tiers": {
            name.removeprefix(PREFIX): {
                "tier": value,
                **_move_of(moves, name.removeprefix(PREFIX)),
            }
            for name, value in own_facts.items()
            if name.startswith(PREFIX)
        },
    }


def _move_of(moves: dict[str, Any], scheme: str) -> dict[str, Any]:
    """Return how a class came about, without what the score said before."""
    return {k: v for k, v in moves.get(scheme, {}).items() if k != SCORED}


def overrides_of(store: Store, customer_id: str) -> list[dict[str, Any]]:
    """Return all that was decided by hand of a customer, the newest first."""
    query = (
        sa.select(overrides)
        .where(overrides.c.customer_id == customer_id)
        .order_by(overrides.c.number.desc())
    )
    with store.read() as con:
        return [dict(row._mapping) for row in con.execute(query)]
