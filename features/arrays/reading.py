"""Read the log out of DuckDB into arrays, and cut it into blocks of customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.arrays.contacts import Contacts
from features.arrays.grains import Lines, sort_lines
from features.arrays.runs import (
    MOST,
    MOST_MONEY,
    Bools,
    Floats,
    Ints,
    heads,
    rounded,
    sort_places,
)
from features.arrays.scope import Scope
from features.casts import quote_text

if TYPE_CHECKING:
    import duckdb

Raw = Mapping[str, npt.NDArray[Any]]

SECOND = 1_000_000

MOST_CUSTOMERS = 16_384
"""Of a block: its arrays then stay near the processor, and threads share the work."""


class SumError(ArithmeticError):
    """A customer's amounts come to more than the integers that hold them."""


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
        Column to array.
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
class Block:
    """Customers that follow on one another, with all their rows in time order."""

    ids: pa.Array
    lines: Lines
    contacts: Contacts
    joined_at: Ints
    has_joined: Bools


def read_raw(
    con: duckdb.DuckDBPyConnection,
    scope: Scope,
    *,
    latest: datetime,
    most_customers: int = MOST_CUSTOMERS,
) -> RawLog:
    """Read all that is seen before ``latest``, for blocks of at most so many."""
    con.execute(_BUYERS, {"latest": latest})
    ids = con.sql("select customer_id from buyers order by customer_no")
    customers = ids.to_arrow_table().column(0).combine_chunks()
    sales = _fetch(con, _sales(scope), latest)
    contacts = _fetch(con, _contacts(scope), latest) if _has_contacts(scope) else {}
    joined = _fetch(con, _JOINED, latest) if "joined_at" in scope.has else {}
    joined_at = np.zeros(len(customers), np.int64)
    has_joined = np.zeros(len(customers), np.bool_)
    if joined:
        joined_at[joined["customer_no"]] = joined["joined_us"]
        has_joined[joined["customer_no"]] = True
    instants = [raw["at_us"] for raw in (sales, contacts) if len(raw.get("at_us", ()))]
    first_at = min((int(each.min()) for each in instants), default=0)
    span = max((int(each.max()) for each in instants), default=0) - first_at + 1
    in_seconds = not any(((each - first_at) % SECOND).any() for each in instants)
    size = int(max(1, min(most_customers, MOST // (2 * span))))
    n_blocks = -(-len(customers) // size)
    return RawLog(
        ids=customers,
        block_size=size,
        first_at=first_at,
        span=span,
        in_seconds=in_seconds,
        sales=sales,
        contacts=contacts,
        sale_rows=_cut(sales, size, n_blocks),
        contact_rows=_cut(contacts, size, n_blocks),
        joined_at=joined_at,
        has_joined=has_joined,
    )


def read_block(raw: RawLog, number: int) -> Block:
    """Put the rows of a block's customers into order."""
    first = number * raw.block_size
    last = min(first + raw.block_size, len(raw.ids))
    return Block(
        ids=raw.ids.slice(first, last - first),
        lines=_make_lines(raw, raw.sale_rows[number], first),
        contacts=_make_contacts(raw, raw.contact_rows[number], first),
        joined_at=raw.joined_at[first:last],
        has_joined=raw.has_joined[first:last],
    )


def _fetch(con: duckdb.DuckDBPyConnection, sql: str, latest: datetime) -> Raw:
    table = con.sql(sql, params={"latest": latest}).to_arrow_table()
    return {name: table.column(name).to_numpy() for name in table.column_names}


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


def _in_time(raw: RawLog, table: Raw, rows: Ints, first: int) -> tuple[Ints, Ints]:
    """Return the rows by customer and time, and whose they are."""
    who = table["customer_no"][rows].astype(np.int64) - first
    since = table["at_us"][rows] - raw.first_at
    span = raw.span
    if raw.in_seconds:
        since, span = since // SECOND, span // SECOND + 1
    key = (who * span + since).astype(np.uint64)
    places = sort_places(key, int(raw.block_size * span).bit_length())
    return rows[places], who[places]


def _make_lines(raw: RawLog, rows: Ints, first: int) -> Lines:
    sales = raw.sales
    rows, who = _in_time(raw, sales, rows, first)
    nothing = np.zeros(len(rows), np.int64)

    def units(name: str) -> Ints:
        return to_units(np.abs(sales[name][rows])) if name in sales else nothing

    def codes(name: str) -> npt.NDArray[np.uint64]:
        return sales[name][rows] if name in sales else nothing.astype(np.uint64)

    amount = sales["amount"][rows]
    found = sort_lines(
        Lines(
            who=who,
            at=sales["at_us"][rows],
            seen_at=sales["seen_us"][rows],
            order=codes("order_id"),
            product=codes("product_id"),
            category=codes("category"),
            channel=codes("channel"),
            is_purchase=amount > 0,
            amount=to_units(np.abs(amount)),
            quantity=units("quantity"),
            discount=units("discount"),
            cost=units("cost"),
            has_cost=~np.isnan(sales["cost"][rows]) if "cost" in sales else nothing > 0,
        )
    )
    most_lines = int(np.bincount(who).max(initial=0))
    for units_of in (found.amount, found.quantity, found.discount, found.cost):
        if int(units_of.max(initial=0)) * most_lines >= MOST:
            raise SumError("The amounts of a customer come to more than 64 bits hold.")
    return found


def _make_contacts(raw: RawLog, rows: Ints, first: int) -> Contacts:
    table = raw.contacts
    nothing = np.zeros(len(rows), np.int64)
    if not len(rows):
        none = nothing > 0
        return Contacts(
            *(nothing, nothing, nothing, nothing.astype(np.uint64), nothing),
            *(none, none, nothing, nothing, nothing),
        )
    rows, who = _in_time(raw, table, rows, first)

    def units(name: str) -> Ints:
        return to_units(table[name][rows]) if name in table else nothing

    found = Contacts(
        who=who,
        at=table["at_us"][rows],
        seen_at=table["seen_us"][rows],
        type=table["type"][rows],
        type_no=table["type_no"][rows].astype(np.int64),
        is_inbound=table["is_inbound"][rows],
        has_value=~np.isnan(table["value"][rows]) if "value" in table else nothing > 0,
        value=units("value"),
        minutes=units("minutes"),
        cost=units("cost"),
    )
    if heads(found.who, found.at).all():
        return found
    # Of interactions of one instant the last is the one with the largest value.
    return found.take(np.lexsort((found.value, found.has_value, found.at, found.who)))


def to_units(amounts: Floats) -> Ints:
    """Return amounts in ten-thousandths, as the query's decimals; none is 0."""
    bounded = np.clip(np.nan_to_num(amounts), -MOST_MONEY, MOST_MONEY)
    return rounded(bounded * 1e4).astype(np.int64)


def _has_contacts(scope: Scope) -> bool:
    return "interactions" in scope.has


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
select customer_no, {_INSTANTS}, amount,
    case when order_id is null then 0 else hash(order_id) end as order_id{{optional}}
from transactions inner join buyers using (customer_id)
where amount <> 0 and {_SEEN}
"""

_CONTACTS = f"""
select customer_no, {_INSTANTS}, hash(type) as type, {{kind}} as type_no,
    coalesce(direction, '') = 'inbound' as is_inbound{{optional}}
from interactions inner join buyers using (customer_id)
where {_SEEN}
"""

_JOINED = """
select customer_no, epoch_us(min(joined_at)) as joined_us
from customers inner join buyers using (customer_id)
where joined_at < $latest
group by customer_no
"""
