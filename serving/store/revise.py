"""Write one customer of a published run anew, when somebody decides by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from serving.store.columns import pack, unpack
from serving.store.tables import (
    fact_columns,
    facts,
    list_builds,
    list_members,
    runs,
    scores,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


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
    kept = sa.select(sa.cast(facts.c.facts, sa.Text)).where(fact)
    held = json.loads(con.execute(kept).scalar_one())
    values: Any = list(
        {**dict(zip(described, held, strict=True)), **new.facts}.values()
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
