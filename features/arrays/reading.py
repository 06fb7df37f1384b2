"""Read the log out of DuckDB into arrays, and cut it into blocks of customers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.arrays.runs import (
    MOST,
    Bools,
    Ints,
)
from features.arrays.scope import Scope
from features.casts import quote_text

if TYPE_CHECKING:
    import duckdb

Raw = Mapping[str, npt.NDArray[Any]]

SECOND = 1_000_000


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
        Microseconds, by customer; 0 where not known.
    has_joined : array of bool
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
    has_joined: Bools

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
        Of the log that are read out together, about: a larger log is read in parts.
    """

    customers: int = 16_384
    rows: int = 12_000_000


def read_parts(
    con: duckdb.DuckDBPyConnection,
    scope: Scope,
    *,
    latest: datetime,
    sizes: Sizes,
) -> Iterator[RawLog]:
    """Read all that is seen before ``latest``, customers in order, part by part."""
    con.execute(_BUYERS, {"latest": latest})
    ids = con.sql("select customer_id from buyers order by customer_no")
    customers = ids.to_arrow_table().column(0).combine_chunks()
    [(n_rows,)] = con.execute("select count(*) from transactions").fetchall()
    n_parts = max(1, min(len(customers), -(-n_rows // sizes.rows)))
    bounds = [len(customers) * part // n_parts for part in range(n_parts + 1)]
    for first, last in pairwise(bounds):
        part = customers.slice(first, last - first)
        if len(part):
            whole = n_parts == 1
            values = {"latest": latest, "first_no": first}
            if not whole:
                values |= {"first": part[0].as_py(), "last": part[-1].as_py()}
            yield _read_part(con, scope, part, values, customers=sizes.customers)


def _read_part(
    con: duckdb.DuckDBPyConnection,
    scope: Scope,
    ids: pa.Array,
    values: Mapping[str, Any],
    *,
    customers: int,
) -> RawLog:
    """Read the rows of some customers; ``values`` says which, and until when."""
    which = " and customer_id between $first and $last" if "first" in values else ""
    contacts: Raw = {}
    joined: Raw = {}
    with ThreadPoolExecutor(1) as pool:  # copies the sales while the rest is asked for
        copied = pool.submit(_columns, _fetch(con, _sales(scope) + which, values))
        if "interactions" in scope.has:
            contacts = _columns(_fetch(con, _contacts(scope) + which, values))
        if "joined_at" in scope.has:
            sql = f"{_JOINED}{which} group by customer_no"
            joined = _columns(_fetch(con, sql, values))
        sales = copied.result()
    joined_at = np.zeros(len(ids), np.int64)
    has_joined = np.zeros(len(ids), np.bool_)
    if joined:
        joined_at[joined["customer_no"]] = joined["joined_us"]
        has_joined[joined["customer_no"]] = True
    return make_raw(ids, (sales, contacts), (joined_at, has_joined), most=customers)


def make_raw(
    ids: pa.Array, tables: tuple[Raw, Raw], joined: tuple[Ints, Bools], *, most: int
) -> RawLog:
    """Cut rows into blocks of so many customers at most.

    Parameters
    ----------
    ids : Array
    tables : (mapping, mapping)
        Columns of sales and of contacts.
    joined : (array of int, array of bool)
        By customer: when, and whether it is known.
    most : int
    """
    sales, contacts = tables
    instants = [raw["at_us"] for raw in tables if len(raw.get("at_us", ()))]
    first_at = min((int(each.min()) for each in instants), default=0)
    span = max((int(each.max()) for each in instants), default=0) - first_at + 1
    size = int(max(1, min(most, MOST // (2 * span))))
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
        joined_at=joined[0],
        has_joined=joined[1],
    )


def _fetch(
    con: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Any]
) -> pa.Table:
    return con.sql(sql, params=dict(values)).to_arrow_table()


def _columns(table: pa.Table) -> Raw:
    """Return each column as one array."""
    found = {name: table.column(name).to_numpy() for name in table.column_names}
    if "seen_us" in found and (found["seen_us"] == found["at_us"]).all():
        found["seen_us"] = found["at_us"]
    return found


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


def _sales(scope: Scope) -> str:
    optional = [
        f"case when {name} is null then 0 else hash({name}) end as {name}"
        for name in ("product_id", "category", "channel")
        if name in scope.has
    ]
    optional += [name for name in ("quantity", "discount", "cost") if name in scope.has]
    return _SALES.format(optional="".join(f", {each}" for each in optional))


def _contacts(scope: Scope) -> str:
    names = {"value": "value", "minutes": "minutes", "cost": "interaction_cost"}
    optional = [column for column, name in names.items() if name in scope.has]
    kinds = "".join(
        f" when type = {quote_text(type_)} and coalesce(direction, '') = "
        f"{quote_text(direction)} then {place}"
        for place, (type_, direction, _) in enumerate(scope.interaction_types, start=1)
    )
    return _CONTACTS.format(
        kind=f"case{kinds} else 0 end" if kinds else "0",
        optional="".join(f", {each}" for each in optional),
    )


_SEEN = "occurred_at < $latest and (known_at is null or known_at < $latest)"
_INSTANTS = """epoch_us(occurred_at) as at_us,
    epoch_us(case when known_at > occurred_at then known_at else occurred_at end)
        as seen_us"""

_BUYERS = f"""
create or replace temp table buyers as
select customer_id, cast(row_number() over (order by customer_id) - 1 as integer)
    as customer_no
from (select distinct customer_id from transactions where amount <> 0 and {_SEEN})
"""

_SALES = f"""
select customer_no - $first_no as customer_no, {_INSTANTS}, amount,
    case when order_id is null then 0 else hash(order_id) end as order_id{{optional}}
from transactions inner join buyers using (customer_id)
where amount <> 0 and {_SEEN}
"""

_CONTACTS = f"""
select customer_no - $first_no as customer_no, {_INSTANTS}, hash(type) as type,
    {{kind}} as type_no, coalesce(direction, '') = 'inbound' as is_inbound{{optional}}
from interactions inner join buyers using (customer_id)
where {_SEEN}
"""

_JOINED = """
select customer_no - $first_no as customer_no, epoch_us(min(joined_at)) as joined_us
from customers inner join buyers using (customer_id)
where joined_at < $latest
"""
