"""The columns of a plan that are compiled, as one table or in blocks of customers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from features.instants import to_naive_utc
from features.purchases.numpy.build import Wanted, build_tables
from features.purchases.numpy.families.compile import compile_plan
from features.purchases.numpy.grains.runs import SumError
from features.purchases.numpy.reading.log import Sizes
from features.purchases.plan import FeaturePlan

if TYPE_CHECKING:
    import duckdb

SEVERAL = 65_536
"""Customers of a block where many as_ofs share what it costs to put it into order."""


def build_in_arrays(
    con: duckdb.DuckDBPyConnection, plan: FeaturePlan, *, as_of: Sequence[datetime]
) -> pa.Table | None:
    """Return the columns of ``build_features`` that are compiled.

    Those of ``slow_families`` are not among them. None for amounts beyond all bounds,
    of which only the query can tell.
    """
    as_ofs = tuple(sorted({to_naive_utc(instant) for instant in as_of}))
    wanted = _wanted(plan, as_ofs)
    if not as_ofs:
        return _no_rows(wanted)
    sizes = Sizes(customers=SEVERAL) if len(as_ofs) > 1 else Sizes()
    wanted = replace(wanted, sizes=sizes)
    tables_by_as_of: list[list[pa.Table]] = [[] for _ in as_ofs]
    try:
        for place, table in build_tables(con, wanted):
            tables_by_as_of[place].append(table)
    except SumError:
        return None
    tables = [table for of_one in tables_by_as_of for table in of_one]
    return pa.concat_tables(tables) if tables else _no_rows(wanted)


def _wanted(plan: FeaturePlan, as_ofs: tuple[datetime, ...]) -> Wanted:
    program = compile_plan(plan.sql).program
    names = tuple(name for name in plan.names if name in program.names)
    return Wanted(plan, program, names, as_ofs)


def _no_rows(wanted: Wanted) -> pa.Table:
    fields = [("customer_id", pa.string()), ("as_of", pa.timestamp("us"))]
    columns = [(name, pa.float64()) for name in wanted.names]
    return pa.schema([*fields, *columns]).empty_table()


def array_blocks(
    con: duckdb.DuckDBPyConnection,
    plan: FeaturePlan,
    *,
    as_of: datetime,
    sizes: Sizes,
) -> Iterator[pa.Table]:
    """Compute the features of some customers after the other.

    Parameters
    ----------
    con : DuckDBPyConnection
    plan : FeaturePlan
        One without ``slow_families``.
    as_of : datetime
    sizes : Sizes

    Yields
    ------
    Table of shape (n_some, 2 + n_features)
        In the order of the customers.

    Raises
    ------
    SumError
        On amounts beyond all bounds, maybe after some blocks.
    """
    wanted = replace(_wanted(plan, (to_naive_utc(as_of),)), sizes=sizes)
    for _, table in build_tables(con, wanted):
        yield table
