"""Put the rows of a block of customers into order, amounts into whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.arrays.contacts import Contacts
from features.arrays.grains import Moments, find_moments
from features.arrays.items import Items, find_items
from features.arrays.lines import Lines, find_mixed
from features.arrays.reading import SECOND, Raw, RawLog
from features.arrays.runs import (
    MOST,
    MOST_MONEY,
    Bools,
    Codes,
    Floats,
    Ints,
    heads,
    rounded,
    sort_places,
)


class SumError(ArithmeticError):
    """A customer's amounts come to more than the integers that hold them."""


@dataclass(frozen=True, slots=True)
class Block:
    """Customers that follow on one another, with all their rows in time order.

    Parameters
    ----------
    moments : Moments or None
        None where a line became known after it happened: then they hang on the as_of.
    """

    ids: pa.Array
    lines: Lines
    moments: Moments | None
    products: Items
    categories: Items
    contacts: Contacts
    joined_at: Ints
    has_joined: Bools


def read_block(raw: RawLog, number: int) -> Block:
    """Put the rows of a block's customers into order."""
    first = number * raw.block_size
    last = min(first + raw.block_size, len(raw.ids))
    lines = _make_lines(raw, raw.sale_rows[number], first)
    knows_late = lines.seen_at is not lines.at
    return Block(
        ids=raw.ids.slice(first, last - first),
        lines=lines,
        moments=None if knows_late else find_moments(lines),
        products=find_items(lines, lines.product),
        categories=find_items(lines, lines.category),
        contacts=_make_contacts(raw, raw.contact_rows[number], first),
        joined_at=raw.joined_at[first:last],
        has_joined=raw.has_joined[first:last],
    )


def _in_time(raw: RawLog, table: Raw, rows: Ints, first: int) -> tuple[Ints, Ints]:
    """Return the places of the rows by customer and time, and whose they are."""
    who = table["customer_no"][rows].astype(np.int64) - first
    since = table["at_us"][rows] - raw.first_at
    span = raw.span
    if raw.in_seconds:
        since, span = since // SECOND, span // SECOND + 1
    key = (who * span + since).astype(np.uint64)
    places = sort_places(key, int(raw.block_size * span).bit_length())
    return places, who[places]


def _make_lines(raw: RawLog, rows: Ints, first: int) -> Lines:
    sales = raw.sales
    nothing = np.zeros(len(rows), np.int64)
    places, who = _in_time(raw, sales, rows, first)

    def column(name: str) -> npt.NDArray[Any]:
        # Rows far apart are read in their order first, and mixed when they are near.
        return sales[name][rows][places]

    def units(name: str) -> Ints:
        return to_units(np.abs(column(name))) if name in sales else nothing

    def codes(name: str) -> Codes:
        return column(name) if name in sales else nothing.astype(np.uint64)

    at, order, channel = column("at_us"), codes("order_id"), codes("channel")
    here, there = find_mixed(who, at, order, channel)
    for each in (places, order, channel):
        each[here] = each[there]
    knows_late = sales["seen_us"] is not sales["at_us"]
    amount = column("amount")
    found = Lines(
        who=who,
        at=at,
        seen_at=column("seen_us") if knows_late else at,
        order=order,
        product=codes("product_id"),
        category=codes("category"),
        channel=channel,
        is_purchase=amount > 0,
        amount=to_units(np.abs(amount)),
        quantity=units("quantity"),
        discount=units("discount"),
        cost=units("cost"),
        has_cost=~np.isnan(column("cost")) if "cost" in sales else nothing > 0,
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
    places, who = _in_time(raw, table, rows, first)
    rows = rows[places]

    def units(name: str) -> Ints:
        return to_units(table[name][rows]) if name in table else nothing

    at = table["at_us"][rows]
    knows_late = table["seen_us"] is not table["at_us"]
    found = Contacts(
        who=who,
        at=at,
        seen_at=table["seen_us"][rows] if knows_late else at,
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
    if not (np.abs(amounts) <= MOST_MONEY).all():  # nor where one is none
        amounts = np.clip(np.nan_to_num(amounts), -MOST_MONEY, MOST_MONEY)
    return rounded(amounts * 1e4).astype(np.int64)
