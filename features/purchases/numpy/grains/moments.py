"""Moments, orders and purchase days of a block of customers."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from features.purchases.numpy.grains.lines import Lines
from features.purchases.numpy.grains.runs import (
    DAY,
    SPREAD,
    Codes,
    Ints,
    group_sums,
    heads,
    last_places,
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
    costed_gross: Ints
    gross: Ints
    returned: Ints

    @property
    def net(self) -> Ints:
        """Return what was bought less what was sent back."""
        return self.gross - self.returned

    def take(self, rows: Ints) -> Moments:
        """Return these rows, by place."""
        return Moments(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders by customer, from the first to the last, and when each one ended."""

    who: Ints
    at: Ints
    last_at: Ints
    value: Ints
    n_lines: Ints


@dataclass(frozen=True, slots=True)
class Days:
    """Purchase days by customer, from the first to the last."""

    who: Ints
    day: Ints
    at: Ints
    last_at: Ints
    gross: Ints


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
        costed_gross=bought(lines.amount * lines.has_cost if has_cost else lines.cost),
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
        last_at=bought.at[last_places(starts, len(bought.at))],
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
    mixed = bought.order[named] ^ (bought.who[named].astype(np.uint64) * SPREAD)
    mixed.sort()
    return not bool((mixed[1:] == mixed[:-1]).any())


def find_days(bought: Moments) -> Days:
    """Sum moments to purchase days (UTC)."""
    day = bought.at // DAY
    starts = np.flatnonzero(heads(bought.who, day))
    return Days(
        who=bought.who[starts],
        day=day[starts],
        at=bought.at[starts],
        last_at=bought.at[last_places(starts, len(day))],
        gross=group_sums(bought.gross, starts),
    )
