"""Features of very many customers, some at a time, so that memory holds only some.

A customer's features are made of its own rows alone: those of a block are, to the last
bit, those that a build of all customers gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from features.door.log import Log
from features.door.rows.casts import quote_name, quote_text
from features.door.rows.columns import TABLES
from features.purchases.build import build_features
from features.purchases.numpy.engine import array_blocks
from features.purchases.numpy.families.compile import slow_families
from features.purchases.numpy.grains.runs import SumError
from features.purchases.numpy.reading.log import Sizes
from features.purchases.plan import FeaturePlan

if TYPE_CHECKING:
    from features.door.log import AnyLog

BLOCK = 100_000
"""Customers at a time: enough to keep the cores busy, some 200 MB of features."""

Bounds = tuple[str, str | None]
"""The first customer of a block, and the first of the next; None after the last."""


def feature_blocks(
    log: Log, plan: FeaturePlan, *, as_of: datetime, size: int | None = None
) -> Iterator[pa.Table]:
    """Yield what ``build_features`` gives, some customers after the others.

    Parameters
    ----------
    log : Log
    plan : FeaturePlan
    as_of : datetime
    size : int or None
        Customers at a time, at most; where the plan's query is asked, some of them are
        maybe not seen yet. None for what suits each way.
    """
    done = ""
    if not slow_families(plan):
        try:
            sizes = Sizes(customers=size) if size else Sizes()
            for table in array_blocks(log.con, plan, as_of=as_of, sizes=sizes):
                if table.num_rows:
                    done = table["customer_id"][-1].as_py()
                    yield table
        except SumError:  # those who are left are for the query
            pass
        else:
            return
    for bounds in block_bounds(log, size=size, after=done):
        with narrowed(log, bounds):
            table = build_features(log, plan, as_of=[as_of])
        table = table.filter(pc.greater(table["customer_id"], done))
        if table.num_rows:
            yield table


def block_bounds(log: Log, *, size: int | None = None, after: str = "") -> list[Bounds]:
    """Return blocks of so many customers after one, in the order of their ids."""
    if not _lasting(log):
        return [("", None)]
    rows = log.con.execute(
        "with buyers as (select distinct customer_id from transactions"
        " where customer_id > $after),"
        " placed as (select customer_id,"
        " row_number() over (order by customer_id) - 1 as place from buyers)"
        " select customer_id from placed where place % $size = 0 order by place",
        {"size": size or BLOCK, "after": after},
    ).fetchall()
    firsts = [first for (first,) in rows]
    return list(zip([after, *firsts[1:]], [*firsts[1:], None], strict=True))


def asked_in_blocks(
    log: AnyLog, customer_id: pa.ChunkedArray | pa.Array, *, size: int | None = None
) -> Iterator[pa.ChunkedArray | pa.Array]:
    """Yield some of the customers at a time, while queries see no others.

    Customers who are few, or in no order, come all at once.
    """
    ids, n, size = customer_id, len(customer_id), size or BLOCK
    in_order = n > size and pc.all(pc.less(ids[:-1], ids[1:])).as_py()
    if not isinstance(log, Log) or not in_order:
        yield ids
        return
    for start in range(0, n, size):
        after = ids[start + size].as_py() if start + size < n else None
        with narrowed(log, (ids[start].as_py(), after)):
            yield ids[start : start + size]


@contextmanager
def narrowed(log: Log, bounds: Bounds) -> Iterator[None]:
    """Let every query on the log's connection see some customers alone.

    A temporary view stands before the table of its name; the table is as it was.
    """
    first, after = bounds
    seen = [f"customer_id >= {quote_text(first)}"] if first else []
    seen += [f"customer_id < {quote_text(after)}"] if after is not None else []
    tables = _lasting(log) if seen else {}
    try:
        for name, place in tables.items():
            log.con.execute(
                f"create temp view {name} as from {place} where {' and '.join(seen)}"
            )
        yield
    finally:
        for name in tables:
            log.con.execute(f"drop view if exists temp.{name}")


def _lasting(log: Log) -> dict[str, str]:
    """Return the tables that a temporary view can stand before, and where they are."""
    rows = log.con.execute(
        "select table_name, database_name, schema_name from duckdb_tables()"
        " where not temporary and not internal"
    ).fetchall()
    return {
        name: ".".join(map(quote_name, (database, schema, name)))
        for name, database, schema in rows
        if name in TABLES
    }
