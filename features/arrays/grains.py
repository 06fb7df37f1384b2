"""Lines, moments, orders and purchase days of a block of customers."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from features.arrays.items import Items
from features.arrays.lines import Lines
from features.arrays.runs import (
    DAY,
    Codes,
    Ints,
    Runs,
    Times,
    group_sums,
    heads,
)


@dataclass(frozen=True, slots=True)
class Moments:
    """Instants of an order, by customer and then by time; sums of their lines."""

    who: Ints
    at: Ints
    order: Codes
    channel: Codes
    n_bought: Ints
    n_sent_back: Ints
    units: Ints
    discount: Ints
    cost: Ints
    costed: Ints
    gross: Ints
    returned: Ints

    @property
    def seen_at(self) -> Ints:
        """Return when they were known: at once, or they hang on the as_of."""
        return self.at

    @property
    def net(self) -> Ints:
        """Return what was bought less what was sent back."""
        return self.gross - self.returned

    def take(self, rows: Ints) -> Moments:
        """Return these rows, by place."""
        return Moments(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders by customer, from the first to the last."""

    who: Ints
    at: Ints
    value: Ints
    n_lines: Ints


@dataclass(frozen=True, slots=True)
class Days:
    """Purchase days by customer, from the first to the last."""

    who: Ints
    day: Ints
    last_at: Ints
    gross: Ints


@dataclass(frozen=True, slots=True)
class Grains:
    """All that is known at ``as_of`` of the customers of a block who have bought.

    Parameters
    ----------
    as_of : int
        Microseconds.
    n : int
        How many customers.
    bought : Moments
        Those with a purchase.
    """

    as_of: int
    n: int
    products: Items
    categories: Items
    moments: Moments
    bought: Moments
    orders: Orders
    days: Days
    moment_runs: Runs
    order_runs: Runs
    day_runs: Runs
    moment_times: Times
    order_times: Times


def make_grains(
    moments: Moments, products: Items, categories: Items, *, as_of: int, n: int
) -> Grains:
    """Return the grains of what is seen at ``as_of``."""
    is_bought = moments.n_bought > 0
    bought = moments if is_bought.all() else moments.take(np.flatnonzero(is_bought))
    orders, days = find_orders(bought), find_days(bought)
    moment_runs, order_runs = Runs.of(moments.who, n), Runs.of(orders.who, n)
    return Grains(
        as_of=as_of,
        n=n,
        products=products,
        categories=categories,
        moments=moments,
        bought=bought,
        orders=orders,
        days=days,
        moment_runs=moment_runs,
        order_runs=order_runs,
        day_runs=Runs.of(days.who, n),
        moment_times=Times(moment_runs, moments.at),
        order_times=Times(order_runs, orders.at),
    )


def find_moments(lines: Lines) -> Moments:
    """Sum lines to moments."""
    starts = np.flatnonzero(heads(lines.who, lines.at, lines.order, lines.channel))
    sent_back = np.flatnonzero(~lines.is_purchase)
    back_in = np.searchsorted(starts, sent_back, side="right") - 1
    n_sent_back = np.bincount(back_in, minlength=len(starts))

    def returned(values: Ints) -> Ints:
        sums = np.zeros(len(starts), np.int64)
        np.add.at(sums, back_in, values[sent_back])
        return sums

    def bought(values: Ints) -> Ints:
        return _total(values, starts) - returned(values)

    has_cost = lines.has_cost.any()
    return Moments(
        who=lines.who[starts],
        at=lines.at[starts],
        order=lines.order[starts],
        channel=lines.channel[starts],
        n_bought=np.diff(np.append(starts, len(lines.who))) - n_sent_back,
        n_sent_back=n_sent_back,
        units=bought(lines.quantity),
        discount=bought(lines.discount),
        cost=bought(lines.cost),
        costed=bought(lines.amount * lines.has_cost if has_cost else lines.cost),
        gross=bought(lines.amount),
        returned=returned(lines.amount),
    )


def _total(values: Ints, starts: Ints) -> Ints:
    if len(starts) == len(values):
        return values
    return group_sums(values, starts) if values.any() else np.zeros_like(starts)


def find_orders(bought: Moments) -> Orders:
    """Sum moments to orders; without an order's name each instant is one."""
    if not _stand_together(bought):
        bought = bought.take(np.lexsort((bought.at, bought.order, bought.who)))
    nameless = bought.order == 0
    is_head = heads(bought.who, bought.order)
    is_head[1:] |= nameless[1:] & (bought.at[1:] != bought.at[:-1])
    starts = np.flatnonzero(is_head)
    orders = Orders(
        who=bought.who[starts],
        at=bought.at[starts],
        value=group_sums(bought.gross, starts),
        n_lines=group_sums(bought.n_bought, starts),
    )
    who, at = orders.who, orders.at
    # Orders of one instant are told apart by their value, so that the last is one.
    if ((who[1:] == who[:-1]) & (at[1:] <= at[:-1])).any():
        places = np.lexsort((orders.n_lines, orders.value, at, who))
        orders = Orders(
            *(getattr(orders, field.name)[places] for field in fields(orders))
        )
    return orders


def _stand_together(bought: Moments) -> bool:
    """Tell whether the moments of each order follow on one another."""
    starts = np.flatnonzero(heads(bought.who, bought.order))
    named = starts[bought.order[starts] != 0]
    mixed = bought.order[named] ^ (
        bought.who[named].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    )
    mixed.sort()
    return not bool((mixed[1:] == mixed[:-1]).any())


def find_days(bought: Moments) -> Days:
    """Sum moments to purchase days (UTC)."""
    day = bought.at // DAY
    starts = np.flatnonzero(heads(bought.who, day))
    ends = np.append(starts[1:], len(day)) - 1 if len(starts) else starts
    return Days(
        who=bought.who[starts],
        day=day[starts],
        last_at=bought.at[ends],
        gross=group_sums(bought.gross, starts),
    )
