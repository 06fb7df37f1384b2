"""Tiers over time: where customers stand, stood and moved, by each scheme."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.tiers import Standings
from serving.errors import UnknownCustomerError, UnpublishedError
from serving.runs.published import Run, earlier_runs, published_run
from serving.store.engine import Store
from serving.store.facts_table import read_standings
from serving.store.tables import (
    PUBLISHED,
    SCORES_AND_FACTS,
    facts,
    overrides,
    runs,
    scores,
)

PREFIX, SCORED = "tier_", "scored"


def last_standings(store: Store, *, as_of: datetime) -> Standings | None:
    """Return where customers stood in the newest run before an instant, if any."""
    query = (
        sa.select(runs.c.number, runs.c.run_id, runs.c.context)
        .where(runs.c.state == PUBLISHED, runs.c.as_of < as_of)
        .order_by(runs.c.as_of.desc(), runs.c.number.desc())
        .limit(1)
    )
    with store.read() as con:
        row = con.execute(query).one_or_none()
        if row is None:
            return None
        described = json.loads(row.context).get("facts", {})
        if not any(name.startswith(PREFIX) for name in described):
            return None
        found = read_standings(con, run=row.number, described=described)
        return replace(found, run_id=row.run_id)


def published_schemes(store: Store) -> frozenset[str]:
    """Return the schemes of the published run, none where there is no run."""
    try:
        with store.read() as con:
            context = published_run(con).context
    except UnpublishedError:
        return frozenset()
    return frozenset(context.get("schemes", ()))


def history(store: Store, customer_id: str) -> list[dict[str, Any]]:
    """Return a customer's score and classes in every run that is kept, newest first.

    Raises
    ------
    UnknownCustomerError
        If no run holds the customer.
    UnpublishedError
        If there is no run.
    """
    found = []
    with store.read() as con:
        run = published_run(con)
        for each in (run, *earlier_runs(con, run)):
            point = None if "\0" in customer_id else _point(con, each, customer_id)
            if point is not None:
                found.append(point)
    if not found:
        raise UnknownCustomerError("The customer is unknown.")
    return found


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
    told = json.loads(row.moves or "{}")
    values = json.loads(row.facts) if row.facts else []
    known = dict(zip(run.context.get("facts", {}), values, strict=False))
    return {
        "run_id": run.run_id,
        "as_of": run.as_of,
        "model_version": run.model_version,
        **{column.name: getattr(row, column.name) for column in columns},
        "tiers": {
            name.removeprefix(PREFIX): {"tier": value, **_plain(told, name[5:])}
            for name, value in known.items()
            if name.startswith(PREFIX)
        },
    }


def _plain(told: dict[str, Any], scheme: str) -> dict[str, Any]:
    """Return what is told of a class, without what the score said before."""
    return {k: v for k, v in told.get(scheme, {}).items() if k != SCORED}


def overrides_of(store: Store, customer_id: str) -> list[dict[str, Any]]:
    """Return all that was decided by hand of a customer, the newest first."""
    query = (
        sa.select(overrides)
        .where(overrides.c.customer_id == customer_id)
        .order_by(overrides.c.number.desc())
    )
    with store.read() as con:
        return [dict(row._mapping) for row in con.execute(query)]
