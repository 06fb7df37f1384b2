"""Compute every feature of every customer, as of many instants."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from features.instants import to_naive_utc
from features.purchases.numpy.engine import build_in_arrays
from features.purchases.numpy.families.compile import compile_plan
from features.purchases.numpy.reading.selects import knows_late
from features.purchases.plan import FeaturePlan, feature_schema, set_as_ofs
from features.purchases.sql_errors import as_query_error

if TYPE_CHECKING:
    import duckdb

    from features.door.log import Log

SMALL_LOG_ROWS = 20_000
JOINS_AS_WRITTEN = "join_order,build_side_probe_side"
SLOW_OPTIMIZERS = (
    f"{JOINS_AS_WRITTEN},common_subexpressions,projection_placement,projection_pullup"
)
ORDER = "order by as_of, customer_id"


def build_features(
    log: "Log", plan: FeaturePlan, *, as_of: Sequence[datetime]
) -> pa.Table:
    """Compute the plan's features for every customer that each ``as_of`` sees.

    Families are compiled from the plan's query and worked out in numpy; those of which
    something is not known there, by the query itself (``slow_families``).

    Parameters
    ----------
    log : Log
        The tables at the door.
    plan : FeaturePlan
    as_of : sequence of datetime
        One or many; all of them are one pass over the log.

    Returns
    -------
    Table of shape (n_customers x n_as_of, 2 + n_features)
        ``customer_id``, ``as_of`` (naive UTC), then the features as float64, NULL where
        not defined. Sorted by ``as_of`` and ``customer_id``.
    """
    compiled = compile_plan(plan.sql)
    if not compiled.program.names:
        return build_by_query(log, plan, as_of=as_of)
    table = build_in_arrays(log.con, plan, as_of=as_of)
    if table is None:
        return build_by_query(log, plan, as_of=as_of)
    if not compiled.slow:
        return table
    slow = replace(plan, sql=compiled.slow_query, names=compiled.slow_names)
    return _join(table, build_by_query(log, slow, as_of=as_of), feature_schema(plan))


def _join(fast: pa.Table, slow: pa.Table, schema: pa.Schema) -> pa.Table:
    """Put columns beside others of the same customers in the same order."""
    keys = ["customer_id", "as_of"]
    if not fast.select(keys).equals(slow.select(keys)):
        raise ValueError(
            "The compiled features are of other customers than the query's."
        )
    columns = [
        (fast if name in fast.column_names else slow)[name] for name in schema.names
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def build_by_query(
    log: "Log", plan: FeaturePlan, *, as_of: Sequence[datetime]
) -> pa.Table:
    """Compute the same table as ``build_features`` by the plan's query as it stands."""
    instants = sorted({to_naive_utc(instant) for instant in as_of})
    if len(instants) > 1 and knows_late(log.con, "transactions"):
        # The query would take lines of one instant for two, if they became known apart.
        tables = [build_by_query(log, plan, as_of=[instant]) for instant in instants]
        return pa.concat_tables(tables)
    set_as_ofs(log.con, as_of)
    schema = feature_schema(plan)
    run = _run_large
    if _count_rows(log.con) * len(as_of) <= SMALL_LOG_ROWS:
        run = _run_small
    with as_query_error():
        return run(log.con, plan.sql, schema)


def _count_rows(con: "duckdb.DuckDBPyConnection") -> int:
    counts = con.execute(
        "select count(*) from transactions union all select count(*) from interactions"
    ).fetchall()
    return sum(n_rows for (n_rows,) in counts)


def _run_large(
    con: "duckdb.DuckDBPyConnection", sql: str, schema: pa.Schema
) -> pa.Table:
    """Run the query, and sort its wide rows by their keys alone."""
    con.execute(f"set disabled_optimizers = '{JOINS_AS_WRITTEN}'")
    try:
        table = con.sql(sql.rstrip().removesuffix(ORDER)).to_arrow_table()
    finally:
        con.execute("reset disabled_optimizers")
    table = table.cast(schema)
    places = pc.sort_indices(
        table, sort_keys=[("as_of", "ascending"), ("customer_id", "ascending")]
    )
    for at, column in enumerate(schema):
        # One column after the other, so that there are never two whole tables.
        table = table.set_column(at, column, _take(table.column(at), places))
    return table


def _take(column: pa.ChunkedArray, places: pa.Array) -> pa.Array:
    return column.combine_chunks().take(places)


def _run_small(
    con: "duckdb.DuckDBPyConnection", sql: str, schema: pa.Schema
) -> pa.Table:
    """Run the query on a log so small that planning it costs more than running it."""
    con.execute(f"set disabled_optimizers = '{SLOW_OPTIMIZERS}'")
    try:
        rows = con.execute(sql).fetchall()
    finally:
        con.execute("reset disabled_optimizers")
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    arrays = [
        pa.array(values, type=column.type)
        for values, column in zip(columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
