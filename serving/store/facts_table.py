"""The facts of a run, read back as a table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.rules import RuleType
from models.score.fact_types import SCORE_TYPES
from models.tiers import PREFIX, Standings
from serving.store.columns import ID, KINDS, read_columns
from serving.store.tables import SCORES_AND_FACTS, facts, scores

CUSTOMERS_PER_QUERY = 500
"""Customers named in one query."""

FROM_JSON: Mapping[str, Callable[[Any], Any]] = {
    "NUMBER": float,
    "TEXT": str,
    "BOOLEAN": bool,
    "DATE": date.fromisoformat,
    "INSTANT": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
}
"""What makes a fact of each type that rules know of its JSON value."""


def stored_columns(described: Mapping[str, str]) -> dict[str, RuleType]:
    """Return what rules may name of a run in the store, and its types.

    Parameters
    ----------
    described : mapping of str to str
        The facts of the run's context: name to type, in order.
    """
    of_score = {name: kind for name, kind in SCORE_TYPES.items() if name in scores.c}
    return of_score | {name: RuleType[kind] for name, kind in described.items()}


def read_facts(
    con: Connection,
    *,
    run: int,
    described: Mapping[str, str],
    names: Sequence[str],
    customers: Sequence[str] | None = None,
) -> pa.Table:
    """Return facts of a run's customers, one row each, in no order.

    Parameters
    ----------
    con : Connection
    run : int
    described : mapping of str to str
        The facts of the run's context.
    names : sequence of str
        The columns; those that the run does not have are left out.
    customers : sequence of str, optional
        Only these.

    Returns
    -------
    Table
        ``customer_id`` and what was named.
    """
    if customers is None:
        return read_columns(con, run=run, names=names)
    kinds = {name: kind.name for name, kind in stored_columns(described).items()}
    wanted = {
        name: kinds[name] for name in dict.fromkeys([ID, *names]) if name in kinds
    }
    places = {name: place for place, name in enumerate(described)}
    of_score = [name for name in wanted if name not in described]
    columns: dict[str, list[Any]] = {name: [] for name in wanted}
    for row in _rows_of(con, of_score, run=run, customers=customers):
        values = json.loads(row.facts) if row.facts else [None] * len(described)
        for name, kind in wanted.items():
            value = values[places[name]] if name in places else getattr(row, name)
            if name in places and value is not None:
                value = FROM_JSON[kind](value)
            columns[name].append(value)
    return pa.table(
        {name: pa.array(columns[name], KINDS[kind]) for name, kind in wanted.items()}
    )


def read_standings(
    con: Connection,
    *,
    run: int,
    described: Mapping[str, str],
    customers: Sequence[str] | None = None,
) -> Standings:
    """Return where customers of a run stood, by each tier scheme.

    Parameters
    ----------
    customers : sequence of str, optional
        Only these.
    """
    tiers = [name for name in described if name.startswith(PREFIX)]
    table = read_facts(
        con, run=run, described=described, names=[ID, *tiers], customers=customers
    )
    query = sa.select(facts.c.customer_id, facts.c.moves).where(
        facts.c.run == run, facts.c.moves.is_not(None)
    )
    if customers is not None:
        query = query.where(facts.c.customer_id.in_(customers))
    ids, moves = list(zip(*con.execute(query).all(), strict=True)) or ((), ())
    places = pc.index_in(table[ID], value_set=pa.array(ids, pa.string()))
    moves = pa.array(moves, pa.string()).take(places.combine_chunks())
    return Standings(table.append_column("moves", moves))


def _rows_of(
    con: Connection, of_score: Sequence[str], *, run: int, customers: Sequence[str]
) -> Iterator[Any]:
    """Yield columns of the score, and the facts as JSON, of some customers."""
    query = (
        sa.select(
            *(scores.c[name] for name in of_score),
            sa.cast(facts.c.facts, sa.Text).label("facts"),
        )
        .select_from(SCORES_AND_FACTS)
        .where(scores.c.run == run)
        .order_by(scores.c.customer_id)
    )
    ids = sorted(customers, key=lambda name: name.encode())
    for start in range(0, len(ids), CUSTOMERS_PER_QUERY):
        chunk = ids[start : start + CUSTOMERS_PER_QUERY]
        yield from con.execute(query.where(scores.c.customer_id.in_(chunk))).all()
