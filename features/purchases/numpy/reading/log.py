"""Read the log out of DuckDB into arrays, and cut it into blocks of customers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.purchases.numpy.grains.runs import (
    MOST,
    NEVER,
    Ints,
)
from features.purchases.numpy.reading.parts import Parts, kept_apart
from features.purchases.numpy.reading.selects import (
    BUYERS,
    JOINED,
    contacts_sql,
    knows_late,
    sales_sql,
)
from features.purchases.plan import FeaturePlan

if TYPE_CHECKING:
    import duckdb

Raw = Mapping[str, npt.NDArray[Any]]

SECOND = 1_000_000

TOGETHER = 250_000
"""Rows that come out of DuckDB at a time: fewer than a cache holds."""

LEAST = 8_192
"""Customers of a block: of fewer, two are not sooner built than one."""

MOST_PARTS = 100
"""Each has two open files."""


@dataclass(frozen=True, slots=True)
class RawLog:
    """The columns of a log in the order of its rows, and which block has which rows.

    Parameters
    ----------
    ids : Array
        The customers' own, in the order of the numbers that stand for them.
    block_size : int
        How many customers a block has.
    first_at, span : int
        Microseconds: the first instant, and how long it is from there to past the last.
    in_seconds : bool
        Whether all instants are whole seconds after the first.
    sales, contacts : mapping
        Column to array. ``seen_us`` is ``at_us`` itself where nothing was known late.
    sale_rows, contact_rows : list of array
        The rows of each block.
    joined_at : array of int
        Microseconds, by customer; ``NEVER`` where not known.
    """

    ids: pa.Array
    block_size: int
    first_at: int
    span: int
    in_seconds: bool
    sales: Raw
    contacts: Raw
    sale_rows: list[Ints]
    contact_rows: list[Ints]
    joined_at: Ints

    @property
    def n_blocks(self) -> int:
        """Return how many blocks there are."""
        return len(self.sale_rows)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is held at a time.

    Parameters
    ----------
    customers : int
        Of a block, at most.
    rows : int
        Of transactions that are worked on together, about: those of a larger log are
        kept apart by customers first.
    """

    customers: int = 16_384
    rows: int = 1_500_000


def read_parts(
    con: duckdb.DuckDBPyConnection,
    plan: FeaturePlan,
    *,
    latest: datetime,
    sizes: Sizes,
    threads: int,
) -> Iterator[RawLog]:
    """Read all that is seen before ``latest``, customers in order, part by part.

    However many parts there are, the log is read once.
    """
    con.execute(BUYERS, {"latest": latest})
    buyers = con.sql("select customer_id from buyers order by customer_no")
    ids = buyers.to_arrow_table().column(0).combine_chunks()
    if not len(ids):
        return
    [(n_rows,)] = con.execute("select count(*) from transactions").fetchall()
    size = -(-len(ids) // min(MOST_PARTS, max(1, -(-n_rows // sizes.rows))))
    n_parts = -(-len(ids) // size)
    reader = _Asked(con, plan, latest)
    joined_at = reader.joined_at(n=len(ids))
    if n_parts == 1:
        tables = reader.tables()
        yield make_raw(ids, tables, joined_at, most=sizes.customers, threads=threads)
        return
    with reader.apart(size, n_parts) as (sales, contacts):
        for place in range(n_parts):
            first, last = place * size, (place + 1) * size
            tables = (
                _columns(sales.take(place), first=first),
                _columns(contacts.take(place), first=first) if contacts else {},
            )
            joined = joined_at[first:last]
            part = ids[first:last]
            yield make_raw(part, tables, joined, most=sizes.customers, threads=threads)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A log that is asked for the rows of ``buyers``."""

    con: duckdb.DuckDBPyConnection
    plan: FeaturePlan
    latest: datetime

    def tables(self) -> tuple[Raw, Raw]:
        """Return the columns of all sales and of all contacts."""
        with ThreadPoolExecutor(1) as pool:  # copies the sales as contacts are asked
            sales = self._ask(self._sales_sql()).to_arrow_table()
            copied = pool.submit(_columns, sales)
            del sales
            contacts: Raw = {}
            if "interactions" in self.plan.has:
                rows = self._ask(self._contacts_sql())
                contacts = _columns(rows.to_arrow_table())
            return copied.result(), contacts

    @contextmanager
    def apart(self, size: int, n_parts: int) -> Iterator[tuple[Parts, Parts | None]]:
        """Keep all rows apart by customers, so many of them a part."""
        with ExitStack() as stack:

            def kept(sql: str) -> Parts:
                reader = self._ask(sql).to_arrow_reader(TOGETHER)
                parts = kept_apart(reader, size=size, n_parts=n_parts)
                return stack.enter_context(parts)

            sales = kept(self._sales_sql())
            has_contacts = "interactions" in self.plan.has
            yield sales, kept(self._contacts_sql()) if has_contacts else None

    def joined_at(self, *, n: int) -> Ints:
        """Return when each of n customers joined."""
        joined_at = np.full(n, NEVER)
        if "joined_at" in self.plan.has:
            columns = _columns(self._ask(JOINED).to_arrow_table())
            joined_at[columns["customer_no"]] = columns["joined_us"]
        return joined_at

    def _sales_sql(self) -> str:
        return sales_sql(self.plan, knows_late=knows_late(self.con, "transactions"))

    def _contacts_sql(self) -> str:
        return contacts_sql(self.plan, knows_late=knows_late(self.con, "interactions"))

    def _ask(self, sql: str) -> duckdb.DuckDBPyRelation:
        return self.con.sql(sql, params={"latest": self.latest})


def make_raw(
    ids: pa.Array,
    tables: tuple[Raw, Raw],
    joined_at: Ints,
    *,
    most: int,
    threads: int = 1,
) -> RawLog:
    """Cut rows into blocks of so many customers at most.

    Parameters
    ----------
    ids : Array
    tables : (mapping, mapping)
        Columns of sales and of contacts.
    joined_at : array of int
        By customer.
    most : int
    threads : int
        How many blocks are worked on at a time.
    """
    sales, contacts = tables
    instants = [raw["at_us"] for raw in tables if len(raw.get("at_us", ()))]
    first_at = min((int(values.min()) for values in instants), default=0)
    span = max((int(values.max()) for values in instants), default=0) - first_at + 1
    # A block's customers and the instants in the log make one key of 63 bits.
    size = _block_size(len(ids), int(max(1, min(most, 2 * MOST // span))), threads)
    n_blocks = -(-len(ids) // size)
    return RawLog(
        ids=ids,
        block_size=size,
        first_at=first_at,
        span=span,
        in_seconds=not any(((at - first_at) % SECOND).any() for at in instants),
        sales=sales,
        contacts=contacts,
        sale_rows=_cut(sales, size, n_blocks),
        contact_rows=_cut(contacts, size, n_blocks),
        joined_at=joined_at,
    )


def _block_size(n: int, most: int, threads: int) -> int:
    """Return how many customers a block has, so that no thread waits at the end."""
    n_blocks = -(-n // most)
    if n_blocks > 1 or n >= threads * LEAST:
        n_blocks = -(-n_blocks // threads) * threads
    return -(-n // n_blocks)


def _columns(table: pa.Table, *, first: int = 0) -> Raw:
    """Return each column as one array, customers numbered from the first one."""
    columns = {name: table.column(name).to_numpy() for name in table.column_names}
    if first:
        columns["customer_no"] = columns["customer_no"] - first
    at = columns.get("at_us")
    if at is not None and (
        "seen_us" not in columns or (columns["seen_us"] == at).all()
    ):
        columns["seen_us"] = at
    return columns


def _cut(raw: Raw, size: int, n_blocks: int) -> list[Ints]:
    """Return the rows of each block; the order of the log is kept within it."""
    if not raw:
        return [np.empty(0, np.int64)] * n_blocks
    if n_blocks == 1:
        return [np.arange(len(raw["customer_no"]))]
    block = raw["customer_no"] // size
    if n_blocks < 2**16:
        block = block.astype(np.uint16)  # sorted by counting, in one pass or two
    rows = np.argsort(block, kind="stable")
    ends = np.cumsum(np.bincount(block, minlength=n_blocks))
    return np.split(rows, ends[:-1])
