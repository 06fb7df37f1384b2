"""The facts of a run, read back as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.door.rows.casts import quote_name
from serving.store.columns import KINDS, read_columns
from serving.store.tables import SCORES_AND_FACTS, facts, scores

if TYPE_CHECKING:
    from models.rules import RuleType

CHUNK = 500
"""Customers named in one query."""

BATCH = 50_000
"""Rows turned into columns at once."""


def stored_columns(described: Mapping[str, str]) -> dict[str, RuleType]:
    """Return what rules may name of a run in the store, and its types.

    Parameters
    ----------
    described : mapping of str to str
        The facts of the run's context: name to type, in order.
    """
    from models.rules import RuleType
    from models.score.facts import SCORE_TYPES

    known = {name: kind for name, kind in SCORE_TYPES.items() if name in scores.c}
    return known | {name: RuleType[kind] for name, kind in described.items()}


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
    from models.score.facts import SCORE_TYPES

    if customers is None:
        by_column = read_columns(con, run=run, names=names)
        if by_column is not None:
            return by_column
    kept = [name for name in names if name in described]
    plain = {"customer_id", *names} - {*kept}
    of_score = [name for name in SCORE_TYPES if name in plain and name in scores.c]
    query = (
        sa.select(
            *(scores.c[name] for name in of_score),
            sa.cast(facts.c.facts, sa.Text).label("facts"),
        )
        .select_from(SCORES_AND_FACTS)
        .where(scores.c.run == run)
        .order_by(scores.c.customer_id)
    )
    kinds = [(name, KINDS[SCORE_TYPES[name].name]) for name in of_score]
    schema = pa.schema([*kinds, ("facts", pa.string())])
    read = pa.Table.from_batches(
        [
            batch
            for some in _chunks(customers)
            for batch in _batches(con, query, schema=schema, customers=some)
        ],
        schema,
    )
    return _unpack(read, described, kept)


def _batches(
    con: Connection,
    query: sa.Select[Any],
    *,
    schema: pa.Schema,
    customers: Sequence[str] | None,
) -> Iterator[pa.RecordBatch]:
    """Read rows by the driver itself: a million are three times as fast so."""
    if customers is not None:
        query = query.where(scores.c.customer_id.in_(customers))
    written = query.compile(con, compile_kwargs={"render_postcompile": True})
    params: Any = written.params
    if written.positiontup is not None:
        params = tuple(params[name] for name in written.positiontup)
    cursor: Any = con.connection.cursor()
    try:
        cursor.execute(str(written), params)
        while rows := cursor.fetchmany(BATCH):
            columns = zip(*rows, strict=True)
            yield pa.record_batch(
                [
                    _array(values, field.type)
                    for values, field in zip(columns, schema, strict=True)
                ],
                schema=schema,
            )
    finally:
        cursor.close()


def _array(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    """Return values as a column; SQLite keeps a date as text."""
    if pa.types.is_date(kind) and any(isinstance(value, str) for value in values):
        return pa.array(values, pa.string()).cast(kind)
    return pa.array(values, kind)


def _chunks(customers: Sequence[str] | None) -> Iterator[Sequence[str] | None]:
    if customers is None:
        yield None
        return
    ordered = sorted(customers, key=lambda name: name.encode())
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]


def _unpack(
    table: pa.Table, described: Mapping[str, str], kept: Sequence[str]
) -> pa.Table:
    """Turn the JSON array into columns, by DuckDB."""
    from features.door.log import open_database

    plain = table.drop_columns(["facts"])
    if not kept:
        return plain
    places = {name: place for place, name in enumerate(described)}
    types = {"NUMBER": "DOUBLE", "TEXT": "VARCHAR", "INSTANT": "TIMESTAMP"}
    listed = ", ".join(
        f"CAST(parts[{places[name] + 1}] AS {types.get(kind, kind)})"
        f" AS {quote_name(name)}"
        for name, kind in ((name, described[name]) for name in kept)
    )
    numbered = table.append_column("row place", pa.array(range(table.num_rows)))
    query = (
        f'SELECT {listed} FROM (SELECT "row place",'
        " from_json(facts, '[\"VARCHAR\"]') AS parts FROM numbered)"
        ' ORDER BY "row place"'
    )
    with open_database(threads=2) as con:
        con.register("numbered", numbered)
        found = con.sql(query).to_arrow_table()
    for name in kept:
        values = found[name]
        if described[name] == "INSTANT":
            values = values.cast(pa.int64())
        plain = plain.append_column(name, values.cast(KINDS[described[name]]))
    return plain
