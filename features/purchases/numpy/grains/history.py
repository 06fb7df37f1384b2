"""What is known of a block of customers, and what an as_of sees of it.

Rows stay where they are: an as_of sees the first rows of each customer, so that all its
sums are differences of running sums that all as_ofs share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from features.purchases.numpy.grains.items import Items, SeenItems, find_items
from features.purchases.numpy.grains.lines import Contacts, Lines
from features.purchases.numpy.grains.moments import (
    Days,
    Moments,
    Orders,
    find_days,
    find_moments,
    find_orders,
)
from features.purchases.numpy.grains.runs import DAY, Bools, Codes, Ints
from features.purchases.numpy.grains.timeline import Kept, Seen, Timeline
from features.purchases.plan import FeaturePlan

YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of customers who have all bought.

    Parameters
    ----------
    n : int
        How many customers.
    back : array of int
        The moments with something sent back.
    moment_line, back_line, order_line, day_line, contact_line : Timeline
    last_line : Timeline
        Of the last purchases of the days.
    """

    n: int
    moments: Moments
    back: Ints
    orders: Orders
    days: Days
    contacts: Contacts
    products: Items
    categories: Items
    channels: Items
    moment_line: Timeline
    back_line: Timeline
    order_line: Timeline
    day_line: Timeline
    last_line: Timeline
    contact_line: Timeline
    joined_at: Ints

    def count(self, as_ofs: Sequence[int], plan: FeaturePlan) -> None:
        """Count all rows from which features of many as_ofs count, in one pass."""

        def count(ages: list[int], *lines: Timeline) -> None:
            instants = {as_of - age * DAY for as_of in as_ofs for age in ages}
            for line in lines:
                line.count(np.array(sorted(instants), np.int64))

        items = (self.products, self.categories, self.channels)
        ends = (line for item in items for line in (item.firsts, item.lasts))
        count(_ages(plan), self.moment_line, self.order_line)
        count(_window_ages(plan), self.last_line, self.back_line, self.contact_line)
        count(_window_ages(plan), *ends)
        count([0], self.day_line)

    def count_one(self, as_of: int, plan: FeaturePlan) -> None:
        """Find the rows since each instant that features of one as_of count from.

        It is quickest to ask for the earliest first.
        """
        for age in _ages(plan):
            for line in (self.moment_line, self.order_line):
                line.since(as_of - age * DAY)
        for age in _window_ages(plan):
            for line in (self.last_line, self.back_line, self.contact_line):
                line.since(as_of - age * DAY)

    def cut_by(self, as_of: int) -> Ints:
        """Return whose order or purchase day an as_of falls into."""
        orders, days = self.orders, self.days
        is_cut = (orders.at < as_of) & (orders.last_at >= as_of)
        cut_customers = orders.who[np.flatnonzero(is_cut)]
        if as_of % DAY:
            is_cut = (days.at < as_of) & (days.last_at >= as_of)
            cut_customers = np.append(cut_customers, days.who[np.flatnonzero(is_cut)])
        return cut_customers

    def buyers(self, as_of: int) -> Bools:
        """Tell which customers have bought before an instant."""
        return np.asarray(self.orders.at[self.order_line.starts] < as_of)


@dataclass(frozen=True, slots=True)
class Grains:
    """What an as_of sees of a history: the runs tell which rows.

    Parameters
    ----------
    as_of : int
        Microseconds.
    n : int
        How many customers have bought.
    chosen : array of int or None
        Which these are, None for all.
    """

    as_of: int
    n: int
    chosen: Ints | None
    history: History
    moment_runs: Seen
    back_runs: Seen
    order_runs: Seen
    day_runs: Seen
    contact_runs: Seen
    _kept: dict[str, Any] = field(default_factory=dict)

    def kept(self, name: str, make: Callable[[], Kept]) -> Kept:
        """Return what was made of what this as_of sees under a name, or make it."""
        if name not in self._kept:
            self._kept[name] = make()
        value: Kept = self._kept[name]
        return value

    @property
    def moments(self) -> Moments:
        """Return the moments, those not seen too."""
        return self.history.moments

    @property
    def orders(self) -> Orders:
        """Return the orders, those not seen too."""
        return self.history.orders

    @property
    def days(self) -> Days:
        """Return the purchase days, those not seen too."""
        return self.history.days

    @property
    def joined_at(self) -> Ints:
        """Return since when the customers have been with us."""
        joined_at = self.history.joined_at
        return joined_at if self.chosen is None else joined_at[self.chosen]

    def items(self, bought: Items) -> SeenItems:
        """Return what is seen of the items of those chosen."""
        return bought.seen(self.as_of, self.chosen)

    def net_sums(self) -> Ints:
        """Return running sums of the moments' net money."""
        moments = self.moments
        return self.moment_runs.line.running("net", lambda: moments.net)

    def gross_sums(self) -> Ints:
        """Return running sums of what the moments' purchases came to."""
        return self.moment_runs.line.running("gross", lambda: self.moments.gross)

    def value_sums(self) -> Ints:
        """Return running sums of what the orders came to."""
        return self.order_runs.line.running("value", lambda: self.orders.value)


def make_history(
    lines: Lines, contacts: Contacts, *, n: int, joined_at: Ints
) -> History:
    """Put together the rows of customers, 0 to n - 1."""
    moments = find_moments(lines)
    is_bought = moments.n_bought > 0
    bought = moments if is_bought.all() else moments.take(np.flatnonzero(is_bought))
    back = np.flatnonzero(moments.n_sent_back)
    orders, days = find_orders(bought), find_days(bought)

    def items(codes: Codes) -> Items:
        codes = np.where(lines.is_purchase, codes, np.uint64(0))
        return find_items(lines.who, lines.at, codes, lines.amount, n=n)

    return History(
        n=n,
        moments=moments,
        back=back,
        orders=orders,
        days=days,
        contacts=contacts,
        products=items(lines.product),
        categories=items(lines.category),
        channels=find_items(bought.who, bought.at, bought.channel, bought.gross, n=n),
        moment_line=Timeline(moments.who, moments.at, n),
        back_line=Timeline(moments.who[back], moments.at[back], n),
        order_line=Timeline(orders.who, orders.at, n),
        day_line=Timeline(days.who, days.at, n),
        last_line=Timeline(days.who, days.last_at, n),
        contact_line=Timeline(contacts.who, contacts.at, n),
        joined_at=joined_at,
    )


def see(history: History, as_of: int, buyers: Ints) -> Grains:
    """Return what an as_of sees of the customers who have bought before it."""
    chosen = None if len(buyers) == history.n else buyers
    return Grains(
        as_of=as_of,
        n=len(buyers),
        chosen=chosen,
        history=history,
        moment_runs=history.moment_line.seen(as_of, chosen),
        back_runs=history.back_line.seen(as_of, chosen),
        order_runs=history.order_line.seen(as_of, chosen),
        day_runs=history.day_line.seen(as_of, chosen),
        contact_runs=history.contact_line.seen(as_of, chosen),
    )


def _ages(plan: FeaturePlan) -> list[int]:
    """Return how many days back most sums look, and 0, the farthest first.

    Rows since any other instant are found when they are asked for.
    """
    ahead, doubled = plan.horizon_days, (2 * days for days in plan.windows)
    ages = {0, ahead, YEAR_DAYS, YEAR_DAYS - ahead, *plan.windows, *doubled}
    return sorted(ages, reverse=True)


def _window_ages(plan: FeaturePlan) -> list[int]:
    """Return those of all but orders and money."""
    return sorted({0, plan.horizon_days, *plan.windows}, reverse=True)
