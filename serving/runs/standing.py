"""What customers' classes depend on besides their scores: history and decisions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.tiers import PREFIX, ManualOverride, Standings, plan_again
from serving.errors import UnpublishedError
from serving.runs.published import Run, kept_run, published_run
from serving.store.decisions import read_overrides
from serving.store.engine import Store
from serving.store.facts_table import read_standings
from serving.store.tables import PUBLISHED, runs


@dataclass(frozen=True, slots=True)
class Memory:
    """Where customers stood before a run, and what was decided of them.

    Parameters
    ----------
    before : Standings or None
        None where their classes do not depend on it.
    manual : tuple of ManualOverride
        Decisions that hold in the run.
    is_lost : bool
        Whether the run before, on which classes depend, is no longer kept.
    """

    before: Standings | None
    manual: tuple[ManualOverride, ...]
    is_lost: bool = False


NO_MEMORY = Memory(None, ())


def remember(
    con: Connection, run: Run, customers: Sequence[str], *, every: bool = False
) -> Memory:
    """Return what grading customers of a run has to know.

    Parameters
    ----------
    every : bool
        Whether all schemes are asked, or only what the primary one stands on.
    """
    manual = tuple(read_overrides(con, at=run.as_of, customers=customers))
    context, before = run.context, run.context.get("before")
    plan = plan_again(
        context.get("schemes", {}), context.get("primary", "abc"), every=every
    )
    if not plan.has_history or before is None:
        return Memory(None, manual)
    earlier = kept_run(con, before)
    if earlier is None:
        return Memory(None, manual, is_lost=True)
    described = earlier.context.get("facts", {})
    before_it = read_standings(
        con, run=earlier.number, described=described, customers=customers
    )
    return Memory(before_it, manual)


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
        standings = read_standings(con, run=row.number, described=described)
        return replace(standings, run_id=row.run_id)


def published_schemes(store: Store) -> frozenset[str]:
    """Return the schemes of the published run, none where there is no run."""
    try:
        with store.read() as con:
            context = published_run(con).context
    except UnpublishedError:
        return frozenset()
    return frozenset(context.get("schemes", ()))
