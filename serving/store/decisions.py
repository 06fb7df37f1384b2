"""What people decide about tiers: overrides of one customer, and whole schemes.

A decision is stored, and written into the customer's row of the published run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.tiers import ManualOverride
from serving.store.columns import pack, unpack
from serving.store.engine import Store
from serving.store.tables import (
    fact_columns,
    facts,
    list_builds,
    list_members,
    overrides,
    runs,
    schemes,
    scores,
)


@dataclass(frozen=True, slots=True)
class Revised:
    """What is new of one customer in a run.

    Parameters
    ----------
    customer_id : str
    tier : str
    body : str
        The score as JSON.
    facts : mapping of str to value
        Those that changed.
    moves : str or None
    """

    customer_id: str
    tier: str
    body: str
    facts: Mapping[str, Any]
    moves: str | None


def add_override(con: Connection, override: ManualOverride) -> None:
    """Remember a decision; it takes the place of the one before."""
    con.execute(
        sa.insert(overrides).values(
            customer_id=override.customer_id,
            scheme=override.scheme,
            tier=override.tier,
            who=override.who,
            why=override.why,
            until=override.until,
            created_at=datetime.now(UTC),
        )
    )


def read_overrides(
    con: Connection, *, at: datetime, customers: Sequence[str] | None = None
) -> list[ManualOverride]:
    """Return the decisions that hold at an instant, the newest of each alone.

    Parameters
    ----------
    customers : sequence of str, optional
        Only of these.
    """
    newest = sa.select(sa.func.max(overrides.c.number)).group_by(
        overrides.c.customer_id, overrides.c.scheme
    )
    if customers is not None:
        newest = newest.where(overrides.c.customer_id.in_(customers))
    query = (
        sa.select(overrides)
        .where(overrides.c.number.in_(newest), overrides.c.until > at)
        .order_by(overrides.c.number)
    )
    return [
        ManualOverride(
            customer_id=row.customer_id,
            scheme=row.scheme,
            tier=row.tier,
            who=row.who,
            why=row.why,
            until=row.until,
        )
        for row in con.execute(query)
    ]


def write_schemes(
    store: Store, written: Mapping[str, Mapping[str, Any]], *, who: str
) -> None:
    """Put these schemes in the place of all that came over the API before."""
    now = datetime.now(UTC)
    rows = [
        {
            "name": name,
            "written": json.dumps(terms, ensure_ascii=False),
            "who": who,
            "updated_at": now,
        }
        for name, terms in written.items()
    ]
    with store.write() as con:
        con.execute(sa.delete(schemes))
        if rows:
            con.execute(sa.insert(schemes), rows)


def read_written(store: Store) -> dict[str, dict[str, Any]]:
    """Return the schemes that came over the API, as they were written."""
    with store.read() as con:
        rows = con.execute(sa.select(schemes).order_by(schemes.c.name)).all()
    return {row.name: json.loads(row.written) for row in rows}


def revise(
    con: Connection, run: int, new: Revised, *, described: Mapping[str, str]
) -> None:
    """Put a customer's row in the place of the one that stands there.

    Parameters
    ----------
    described : mapping of str to str
        The facts of the run's context.
    """
    row = sa.and_(scores.c.run == run, scores.c.customer_id == new.customer_id)
    con.execute(sa.update(scores).where(row).values(tier=new.tier, body=new.body))
    fact = sa.and_(facts.c.run == run, facts.c.customer_id == new.customer_id)
    stored = sa.select(sa.cast(facts.c.facts, sa.Text)).where(fact)
    before = json.loads(con.execute(stored).scalar_one())
    values: Any = list(
        {**dict(zip(described, before, strict=True)), **new.facts}.values()
    )
    if con.dialect.name == "sqlite":
        values = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    con.execute(sa.update(facts).where(fact).values(facts=values, moves=new.moves))
    _revise_columns(con, run, new.customer_id, {**new.facts, "tier": new.tier})


def bump(con: Connection, run: int, context: Mapping[str, Any]) -> None:
    """Count a decision within a run, and keep the run's context with it."""
    con.execute(
        sa.update(runs)
        .where(runs.c.number == run)
        .values(
            revision=runs.c.revision + 1,
            context=json.dumps(context, allow_nan=False, ensure_ascii=False),
        )
    )


def forget_builds(con: Connection, run: int, names: Set[str]) -> None:
    """Let lists be made anew for a run when they are next asked for."""
    for table in (list_members, list_builds):
        con.execute(sa.delete(table).where(table.c.run == run, table.c.name.in_(names)))


def _revise_columns(
    con: Connection, run: int, customer_id: str, values: Mapping[str, Any]
) -> None:
    at = fact_columns.c
    query = sa.select(at.part, at.name, at.body).where(at.run == run)
    for part, _, body in con.execute(query.where(at.name == "customer_id")).all():
        row = pc.index(unpack(body), customer_id).as_py()
        if row < 0:
            continue
        mine = query.where(at.part == part, at.name.in_(list(values)))
        for _, name, old in con.execute(mine).all():
            array = unpack(old)
            is_it = pa.array([place == row for place in range(len(array))])
            changed = pc.if_else(is_it, pa.scalar(values[name], array.type), array)
            con.execute(
                sa.update(fact_columns)
                .where(at.run == run, at.part == part, at.name == name)
                .values(body=pack(pa.chunked_array([changed])))
            )
