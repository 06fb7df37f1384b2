"""Put the rows of a block of customers into order, amounts into whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.purchases.numpy.grains.history import (
    Grains,
    History,
    make_history,
    see,
)
from features.purchases.numpy.grains.lines import (
    Contacts,
    Lines,
    find_buyers,
    find_mixed,
)
from features.purchases.numpy.grains.runs import (
    MOST_MONEY,
    MOST_UNITS,
    Codes,
    Floats,
    Ints,
    SumError,
    heads,
    rounded,
    sort_places,
)
from features.purchases.numpy.reading.log import SECOND, Raw, RawLog

Rows = TypeVar("Rows", Lines, Contacts)


@dataclass(frozen=True, slots=True)
class Block:
    """Customers that follow on one another, with all their rows in time order.

    Parameters
    ----------
    ids : Array
        The customers who have ever bought.
    lines, contacts : Lines, Contacts
        Of these customers, by their places among the ids.
    history : History
        What these come to.
    """

    ids: pa.Array
    lines: Lines
    contacts: Contacts
    history: History

    def see(self, as_of: int) -> Sight:
        """Return what an as_of sees of those who have bought before it."""
        has_bought = self.history.buyers(as_of)
        cut = self._cut_by(as_of)
        if not len(cut):
            buyers = np.flatnonzero(has_bought)
            return Sight(see(self.history, as_of, buyers), buyers)
        n = len(self.ids)
        lines = self.lines.take(np.flatnonzero(self.lines.seen_at < as_of))
        contacts = self.contacts.take(np.flatnonzero(self.contacts.seen_at < as_of))
        again = np.intersect1d(find_buyers(lines, n=n), cut)
        has_bought[cut] = False
        has_bought[again] = True
        buyers = np.flatnonzero(has_bought)
        if not len(again):
            return Sight(see(self.history, as_of, buyers), buyers)
        history = make_history(
            of_customers(lines, again, n),
            of_customers(contacts, again, n),
            n=len(again),
            joined_at=self.history.joined_at[again],
        )
        return Sight(
            grains=see(self.history, as_of, buyers),
            buyers=buyers,
            again=see(history, as_of, np.arange(len(again))),
            places=np.searchsorted(buyers, again),
        )

    def _cut_by(self, as_of: int) -> Ints:
        """Return those of whom an as_of does not just see the first rows.

        It falls into an order or a purchase day of theirs, or into the time until
        something was known.
        """
        cut_customers = [self.history.cut_by(as_of)]
        for rows in (self.lines, self.contacts):
            if rows.seen_at is not rows.at:
                is_late = (rows.at < as_of) & (rows.seen_at >= as_of)
                cut_customers.append(rows.who[np.flatnonzero(is_late)])
        return np.unique(np.concatenate(cut_customers))


@dataclass(frozen=True, slots=True)
class Sight:
    """What an as_of sees of a block.

    Parameters
    ----------
    buyers : array of int
        The customers who have bought.
    again : Grains or None
        Of those whose rows had to be put together anew, as only some of them are seen.
    places : array of int
        Where these are among the buyers.
    """

    grains: Grains
    buyers: Ints
    again: Grains | None = None
    places: Ints = field(default_factory=lambda: np.empty(0, np.int64))


def read_block(raw: RawLog, number: int) -> Block:
    """Put the rows of a block's customers into order."""
    first = number * raw.block_size
    last = min(first + raw.block_size, len(raw.ids))
    lines = _make_lines(raw, raw.sale_rows[number], first)
    contacts = _make_contacts(raw, raw.contact_rows[number], first)
    ids, n = raw.ids.slice(first, last - first), last - first
    joined_at = raw.joined_at[first:last]
    buyers = find_buyers(lines, n=n)
    if len(buyers) < n:
        lines, contacts = (
            of_customers(lines, buyers, n),
            of_customers(contacts, buyers, n),
        )
        ids = ids.take(pa.array(buyers))
        joined_at = joined_at[buyers]
    history = make_history(lines, contacts, n=len(buyers), joined_at=joined_at)
    return Block(ids, lines, contacts, history)


def of_customers(rows: Rows, customers: Ints, n: int) -> Rows:
    """Leave out the rows of all customers, of n, but some, and number those anew."""
    numbers = np.full(n, -1)
    numbers[customers] = np.arange(len(customers))
    chosen_rows = rows.take(np.flatnonzero(numbers[rows.who] >= 0))
    return replace(chosen_rows, who=numbers[chosen_rows.who])


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
    for values in (places, order, channel):
        values[here] = values[there]
    knows_late = sales["seen_us"] is not sales["at_us"]
    amount = column("amount")
    lines = Lines(
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
    _check_sums(who, lines.amount, lines.quantity, lines.discount, lines.cost)
    return lines


def _check_sums(who: Ints, *columns: Ints) -> None:
    """Make sure that the sums of a customer are small enough to be reckoned with."""
    most_rows = int(np.bincount(who).max(initial=0))
    for units in columns:
        if int(np.abs(units).max(initial=0)) * most_rows >= MOST_UNITS:
            raise SumError("The amounts of a customer come to more than 64 bits hold.")


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
    contacts = Contacts(
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
    _check_sums(who, contacts.value, contacts.minutes, contacts.cost)
    if heads(contacts.who, contacts.at).all():
        return contacts
    # Of interactions of one instant the last is the one with the largest value.
    return contacts.take(
        np.lexsort((contacts.value, contacts.has_value, contacts.at, contacts.who))
    )


def to_units(amounts: Floats) -> Ints:
    """Return amounts in ten-thousandths, as the query's decimals; none is 0."""
    if not (np.abs(amounts) <= MOST_MONEY).all():  # nor where one is none
        amounts = np.clip(np.nan_to_num(amounts), -MOST_MONEY, MOST_MONEY)
    return rounded(amounts * 1e4).astype(np.int64)
