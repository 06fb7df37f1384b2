"""Tiers over time: where customers stand, stood and moved, by each scheme."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import ConfigError
from features.suggest import did_you_mean
from serving.errors import UnknownCustomerError, UnknownRunError, UnknownSchemeError
from serving.queries.runs import Run, earlier_runs, kept_run, published_run
from serving.store.decisions import add_override
from serving.store.engine import Store
from serving.store.facts import fact_sql, read_standings
from serving.store.tables import PUBLISHED, facts, overrides, runs, scores

if TYPE_CHECKING:
    from models.rules import Dialect
    from models.schemes import ManualOverride, Standings

PREFIX = "tier_"


@dataclass(frozen=True, slots=True)
class Transitions:
    """How customers moved between two runs.

    Parameters
    ----------
    start, end : Run
    classes : tuple of str
        Of the later run, from the top down.
    counts : mapping of (str or None, str or None) to int
        Class before and class after to customers; None for who was not there.
    """

    start: Run
    end: Run
    classes: tuple[str, ...]
    counts: Mapping[tuple[str | None, str | None], int]


def last_standings(store: Store, *, as_of: datetime) -> Standings | None:
    """Return where customers stood in the newest run before an instant, if any."""
    query = (
        sa.select(runs.c.number, runs.c.context)
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
        return read_standings(con, run=row.number, described=described)


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
        .select_from(scores)
        .outerjoin(
            facts,
            sa.and_(
                facts.c.run == scores.c.run,
                facts.c.customer_id == scores.c.customer_id,
            ),
        )
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
            name.removeprefix(PREFIX): {"tier": value, **told.get(name[5:], {})}
            for name, value in known.items()
            if name.startswith(PREFIX)
        },
    }


def transitions(
    store: Store, scheme: str, *, start: str | None, end: str | None
) -> Transitions:
    """Count how customers moved by a scheme between two runs.

    Parameters
    ----------
    store : Store
    scheme : str
    start : str or None
        A run's id; None for the run before the end.
    end : str or None
        A run's id; None for the published run.

    Raises
    ------
    UnknownRunError
        If a run is not kept.
    UnknownSchemeError
        If a run has no such scheme.
    """
    with store.read() as con:
        last = published_run(con) if end is None else _kept(con, end)
        if start is None:
            first = next(earlier_runs(con, last), None)
            if first is None:
                raise UnknownRunError("There is no run before this one.")
        else:
            first = _kept(con, start)
        counts = _count(con, first, last, scheme)
    classes = tuple(last.context["schemes"][scheme]["classes"])
    return Transitions(first, last, classes, counts)


def _kept(con: Connection, run_id: str) -> Run:
    run = kept_run(con, run_id)
    if run is None:
        raise UnknownRunError(f"The store keeps no run {run_id}.")
    return run


def _count(
    con: Connection, first: Run, last: Run, scheme: str
) -> dict[tuple[str | None, str | None], int]:
    old, new = (_tiers(con, run, scheme) for run in (first, last))
    before, after = old.c.tier.label("before"), new.c.tier.label("after")
    total = sa.func.count().label("n")
    both = old.c.customer_id == new.c.customer_id
    forth = (
        sa.select(before, after, total)
        .select_from(new.outerjoin(old, both))
        .group_by(before, after)
    )
    gone = (
        sa.select(before, after, total)
        .select_from(old.outerjoin(new, both))
        .where(new.c.customer_id.is_(None))
        .group_by(before, after)
    )
    rows = [*con.execute(forth), *con.execute(gone)]
    return {(row.before, row.after): row.n for row in rows}


def _tiers(con: Connection, run: Run, scheme: str) -> sa.Subquery:
    """Return the customers of a run and their classes by a scheme."""
    described = run.context.get("facts", {})
    name = f"{PREFIX}{scheme}"
    if name not in described:
        raise UnknownSchemeError(
            f"Run {run.run_id} has no tier scheme {scheme!r}.",
            todo=did_you_mean(name, described),
        )
    dialect: Dialect = "sqlite" if con.dialect.name == "sqlite" else "postgresql"
    sql = fact_sql(dialect, list(described).index(name), "TEXT")
    return (
        sa.select(facts.c.customer_id, sa.literal_column(sql).label("tier"))
        .where(facts.c.run == run.number)
        .subquery()
    )


def override(store: Store, decided: ManualOverride) -> Run:
    """Remember a class that somebody set by hand; the next run heeds it.

    Returns
    -------
    Run
        The published one, whose classes it does not change.

    Raises
    ------
    UnknownCustomerError
        If the published run does not hold the customer.
    UnknownSchemeError
        If it has no such scheme.
    ConfigError
        If the scheme has no such class.
    """
    with store.read() as con:
        run = published_run(con)
        known = con.execute(
            sa.select(scores.c.run).where(
                scores.c.run == run.number, scores.c.customer_id == decided.customer_id
            )
        ).one_or_none()
    if known is None:
        raise UnknownCustomerError("The customer is unknown.")
    schemes = run.context.get("schemes", {})
    if decided.scheme not in schemes:
        raise UnknownSchemeError(f"There is no tier scheme {decided.scheme!r}.")
    classes = schemes[decided.scheme]["classes"]
    if decided.tier not in classes:
        raise ConfigError(
            f"{decided.scheme} has no class {decided.tier!r}.",
            needed=f"One of {', '.join(classes)}.",
        )
    add_override(store, decided)
    return run


def overrides_of(store: Store, customer_id: str) -> list[dict[str, Any]]:
    """Return all that was decided by hand of a customer, the newest first."""
    query = (
        sa.select(overrides)
        .where(overrides.c.customer_id == customer_id)
        .order_by(overrides.c.number.desc())
    )
    with store.read() as con:
        return [dict(row._mapping) for row in con.execute(query)]
