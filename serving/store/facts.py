"""What is stored beside a run's scores: facts for rules, and classes by tier scheme.

Each fact is stored twice. By column, a question that looks at every customer reads the
few columns that it names. By customer, a question about a few reads their rows alone:
an array of JSON in the order in which the run's context names the facts, so that no
name, which may be anything, is part of a query.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from features.door.database import open_database
from models.score.fact_types import SCORE_TYPES
from serving.store.columns import ID, pack
from serving.store.rows import ROWS_PER_INSERT, Row, written_ahead
from serving.store.tables import scores

CUSTOMERS_PER_PART = 100_000
"""Customers in one stored part of a column."""


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


def column_rows(scored: pa.Table, beside: Beside | None) -> Iterator[list[Row]]:
    """Yield the rows of ``fact_columns``, a part at a time, in the scores' order.

    A run without customers has one empty part.

    Parameters
    ----------
    scored : Table of shape (n_customers, n_columns)
        In ``SCORE_SCHEMA``.
    beside : Beside or None
        The facts of the same customers.
    """
    table = scored.select([name for name in SCORE_TYPES if name in scores.c])
    if beside is not None:
        facts = _aligned(beside, scored[ID])
        for field in facts.schema:
            table = table.append_column(field, facts[field.name])
    starts = range(0, max(table.num_rows, 1), CUSTOMERS_PER_PART)
    for number, start in enumerate(starts):
        part = table.slice(start, CUSTOMERS_PER_PART)
        yield [(number, name, pack(part[name])) for name in part.column_names]


def fact_rows(beside: Beside) -> Iterator[list[Row]]:
    """Yield customer, facts and moves, a batch at a time, in the table's order."""
    columns = [f"c{place}" for place in range(beside.facts.num_columns)]
    values = map(_json_sql, beside.facts.schema, columns)
    table = beside.facts.rename_columns(columns)
    table = table.append_column(ID, beside.customer_id)
    table = table.append_column("moves", pa.array(beside.moves, pa.string()))
    packed = f"CAST(json_array({', '.join(values)}) AS VARCHAR)"
    query = f"SELECT customer_id, {packed}, moves FROM beside"
    with open_database() as con:

        def write(batch: pa.Table) -> pa.Table:
            con.register("beside", batch)
            return con.sql(query).to_arrow_table()

        starts = range(0, table.num_rows, ROWS_PER_INSERT)
        batches = (table.slice(start, ROWS_PER_INSERT) for start in starts)
        yield from written_ahead(batches, write)


def _aligned(beside: Beside, ids: pa.ChunkedArray) -> pa.Table:
    """Return the facts in the order of the scores."""
    if beside.customer_id.equals(ids):
        return beside.facts
    places = pc.index_in(ids, value_set=beside.customer_id)
    return beside.facts.take(places)


def _json_sql(field: pa.Field, column: str) -> str:
    """Return the SQL of a column as JSON keeps it."""
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
