"""What stands beside a run's scores: facts for filters, and classes by scheme.

A customer's facts are one JSON array in the order that the run's context names them, so
that no name, which may be anything, is part of a query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from serving.store.columns import read_columns
from serving.store.rows import BATCH, Row, written_ahead
from serving.store.tables import facts, scores

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from models.rules import Dialect
    from models.tiers import Standings


@dataclass(frozen=True, slots=True)
class Beside:
    """The facts of a run's customers.

    Parameters
    ----------
    customer_id : Array of str, shape (n_customers,)
    facts : Table of shape (n_customers, n_facts)
        What the run's context names, in its order.
    moves : sequence of str or None
        JSON, or nothing, for each customer.
    """

    customer_id: pa.ChunkedArray
    facts: pa.Table
    moves: Sequence[str | None]


def fact_rows(beside: Beside) -> Iterator[list[Row]]:
    """Yield customer, facts and moves, a batch at a time, in the table's order."""
    from features.door.log import open_database

    columns = [f"c{place}" for place in range(beside.facts.num_columns)]
    values = map(_plain, beside.facts.schema, columns)
    table = beside.facts.rename_columns(columns)
    table = table.append_column("customer_id", beside.customer_id)
    table = table.append_column("moves", pa.array(beside.moves, pa.string()))
    packed = f"CAST(json_array({', '.join(values)}) AS VARCHAR)"
    query = f"SELECT customer_id, {packed}, moves FROM beside"
    with open_database() as con:

        def write(batch: pa.Table) -> pa.Table:
            con.register("beside", batch)
            return con.sql(query).to_arrow_table()

        batches = (
            table.slice(start, BATCH) for start in range(0, table.num_rows, BATCH)
        )
        yield from written_ahead(batches, write)


def _plain(field: pa.Field, column: str) -> str:
    """Return a column as JSON keeps it."""
    if pa.types.is_timestamp(field.type):
        naive = f"make_timestamp(epoch_us({column}))"
        return f"strftime({naive}, '%Y-%m-%d %H:%M:%S.%f')"
    if pa.types.is_date(field.type):
        return f"CAST({column} AS VARCHAR)"
    if pa.types.is_floating(field.type):
        return f"CASE WHEN isfinite({column}) THEN {column} END"
    if pa.types.is_string(field.type):
        return f"replace({column}, chr(0), '')"
    return column


def fact_columns(
    dialect: Dialect, described: Mapping[str, str]
) -> Callable[[str], str]:
    """Return what writes a column that a filter names as SQL.

    Parameters
    ----------
    dialect : str
    described : mapping of str to str
        The facts of the run's context: name to type, in order.
    """
    places = {name: place for place, name in enumerate(described)}

    def column(name: str) -> str:
        if name not in places:
            return f"scores.{scores.c[name].name}"
        return fact_sql(dialect, places[name], described[name])

    return column


def fact_sql(dialect: Dialect, place: int, kind: str) -> str:
    """Return the SQL of one fact."""
    if dialect == "sqlite":
        return f"json_extract(facts.facts, '$[{place}]')"
    text = f"(facts.facts ->> {place})"
    casts = {"NUMBER": "DOUBLE PRECISION", "BOOLEAN": "BOOLEAN", "DATE": "DATE"}
    if kind == "INSTANT":
        return f"CAST({text} || '+00' AS TIMESTAMP WITH TIME ZONE)"
    return f"CAST({text} AS {casts[kind]})" if kind in casts else text


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
    from models.tiers import PREFIX, Standings

    tiers = [name for name in described if name.startswith(PREFIX)]
    some = customers is not None
    table = None if some else read_columns(con, run=run, names=tiers)
    if table is None:
        return _unpack_standings(con, run=run, described=described, customers=customers)
    told = sa.select(facts.c.customer_id, facts.c.moves).where(
        facts.c.run == run, facts.c.moves.is_not(None)
    )
    ids, moves = list(zip(*con.execute(told).all(), strict=True)) or ((), ())
    places = pc.index_in(table["customer_id"], value_set=pa.array(ids, pa.string()))
    moves = pa.array(moves, pa.string()).take(places.combine_chunks())
    return Standings(table.append_column("moves", moves))


def _unpack_standings(
    con: Connection,
    *,
    run: int,
    described: Mapping[str, str],
    customers: Sequence[str] | None,
) -> Standings:
    """Read the JSON: of few, or of a run from before there were columns."""
    from features.door.log import open_database
    from models.tiers import PREFIX, Standings

    query = sa.select(
        facts.c.customer_id, facts.c.moves, sa.cast(facts.c.facts, sa.Text)
    ).where(facts.c.run == run)
    if customers is not None:
        query = query.where(facts.c.customer_id.in_(customers))
    columns = list(zip(*con.execute(query).all(), strict=True)) or [()] * 3
    names = ("customer_id", "moves", "facts")
    kept = pa.table(
        {
            name: pa.array(values, pa.string())
            for name, values in zip(names, columns, strict=True)
        }
    )
    listed = "".join(
        f", json_extract_string(facts, '$[{place}]') AS c{place}"
        for place, name in enumerate(described)
        if name.startswith(PREFIX)
    )
    with open_database() as database:
        database.register("kept", kept)
        read = f"SELECT customer_id, moves{listed} FROM kept"
        table = database.sql(read).to_arrow_table()
    tiers = [name for name in described if name.startswith(PREFIX)]
    return Standings(table.rename_columns(["customer_id", "moves", *tiers]))
