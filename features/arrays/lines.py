"""Purchase and return lines of a block of customers."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from features.arrays.runs import Bools, Codes, Ints, heads


@dataclass(frozen=True, slots=True)
class Lines:
    """Purchase and return lines, by customer and then by time.

    Parameters
    ----------
    who : array of int
        Place of the customer in the block.
    at, seen_at : array of int
        Microseconds; ``seen_at`` is when the line had happened and was known.
    order, product, category, channel : array of uint64
        A number for the text, 0 for none.
    is_purchase : array of bool
    amount, quantity, discount, cost : array of int
        Ten-thousandths, without sign, 0 for none.
    has_cost : array of bool
    """

    who: Ints
    at: Ints
    seen_at: Ints
    order: Codes
    product: Codes
    category: Codes
    channel: Codes
    is_purchase: Bools
    amount: Ints
    quantity: Ints
    discount: Ints
    cost: Ints
    has_cost: Bools

    def take(self, rows: Ints | Bools) -> Lines:
        """Return these rows, by place or by mask."""
        return Lines(*(getattr(self, field.name)[rows] for field in fields(self)))


def sort_lines(lines: Lines) -> Lines:
    """Put the lines of one order and channel at one instant side by side."""
    is_head = heads(lines.who, lines.at)
    differs = heads(lines.order, lines.channel) & ~is_head
    if not differs.any():
        return lines
    # Few instants hold more than one order: only their lines are put into order.
    instant = np.cumsum(is_head) - 1
    is_mixed = np.zeros(int(instant[-1]) + 1, np.bool_)
    is_mixed[instant[differs]] = True
    rows = np.flatnonzero(is_mixed[instant])
    places = np.arange(len(instant))
    places[rows] = rows[
        np.lexsort((lines.channel[rows], lines.order[rows], instant[rows]))
    ]
    return lines.take(places)


def find_buyers(lines: Lines, instant: int, *, n: int) -> Ints:
    """Return the customers, of n, who have a purchase before an instant."""
    has_bought = np.zeros(n, np.bool_)
    has_bought[lines.who[lines.is_purchase & (lines.seen_at < instant)]] = True
    return np.flatnonzero(has_bought)
