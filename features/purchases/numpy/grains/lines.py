"""Rows of a block of customers: purchase and return lines, and interactions."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from features.purchases.numpy.grains.runs import Bools, Codes, Ints, heads, sort_places


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

    def take(self, rows: Ints) -> Lines:
        """Return these rows, by place."""
        return Lines(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Contacts:
    """Interactions, by customer and then by time.

    Parameters
    ----------
    who : array of int
        Place of the customer in the block.
    at, seen_at : array of int
        Microseconds.
    type : array of uint64
        A number for the type's name.
    type_no : array of int
        Place of the type and direction among those counted apart, 0 for others.
    is_inbound, has_value : array of bool
    value, minutes, cost : array of int
        Ten-thousandths, 0 for none.
    """

    who: Ints
    at: Ints
    seen_at: Ints
    type: Codes
    type_no: Ints
    is_inbound: Bools
    has_value: Bools
    value: Ints
    minutes: Ints
    cost: Ints

    def take(self, rows: Ints) -> Contacts:
        """Return these rows, by place."""
        return Contacts(*(getattr(self, field.name)[rows] for field in fields(self)))


def find_mixed(who: Ints, at: Ints, order: Codes, channel: Codes) -> tuple[Ints, Ints]:
    """Put the lines of one order and channel at one instant side by side.

    Few instants hold more than one order, and only their lines change places.

    Returns
    -------
    array of int, array of int
        Rows, and those that belong there.
    """
    is_head = heads(who, at)
    starts = np.flatnonzero(is_head)
    differs = np.flatnonzero(heads(order, channel) & ~is_head)
    mixed = np.searchsorted(starts, differs, side="right") - 1
    mixed = mixed[heads(mixed)]
    sizes = np.append(starts, len(who))[mixed + 1] - starts[mixed]
    before = np.cumsum(sizes) - sizes
    rows = np.arange(int(sizes.sum())) + np.repeat(starts[mixed] - before, sizes)
    instant = np.repeat(np.arange(len(mixed)), sizes)
    return rows, rows[_by_order(instant, order[rows], channel[rows])]


def _by_order(instant: Ints, order: Codes, channel: Codes) -> Ints:
    """Return the places of lines by instant, order and channel."""
    spare = 64 - len(instant).bit_length()
    bits = int(instant[-1]).bit_length() if len(instant) else 0
    half = (spare - bits) // 2
    key = instant.astype(np.uint64) << np.uint64(2 * half)
    key |= (order >> np.uint64(64 - half)) << np.uint64(half)
    key |= channel >> np.uint64(64 - half)
    places = sort_places(key, bits + 2 * half)
    is_head = heads(key[places])
    # Two codes may share the bits that fit the key: then all bits are compared.
    if (~is_head & heads(order[places], channel[places])).any():
        return np.lexsort((channel, order, instant))
    return places


def find_buyers(lines: Lines, *, n: int) -> Ints:
    """Return the customers, of n, who have a purchase."""
    has_bought = np.zeros(n, np.bool_)
    has_bought[lines.who[lines.is_purchase]] = True
    return np.flatnonzero(has_bought)
