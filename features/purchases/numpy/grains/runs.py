"""Sums, counts and extremes of runs of rows, one run a customer, exact in integers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint64]

Number = TypeVar("Number", Ints, Floats)

DAY = 86_400_000_000
"""Microseconds of a day."""

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)

SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""An odd number whose products fill 64 bits evenly, each a different one."""

MOST = 2**62
"""Beyond which a sum might not fit 64 bits."""

NEVER = 2**62
"""The instant of what is not known to happen, later than any other."""

MOST_UNITS = 2**60
"""What sums of a customer stay below, so that some of them can be added."""

LIMB = 2.0**32

MOST_MONEY = 1e12
"""What a larger amount counts as, as the door has it."""


class SumError(ArithmeticError):
    """A customer's amounts come to more than the integers that hold them."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Which rows are whose, where the rows of each customer stand together.

    Between the runs there may be rows that are nobody's.

    Parameters
    ----------
    starts, ends : array of shape (n_customers,)
        The first row of each, and the one after its last; alike for one without rows.
    """

    starts: Ints
    ends: Ints

    @property
    def counts(self) -> Ints:
        """Return how many rows each customer has."""
        return self.ends - self.starts

    def sum(self, values: Ints | Bools) -> Ints:
        """Sum whole numbers, or count what is true; 0 for a customer without rows."""
        return self.sum_from(self.starts, running(values))

    def sum_from(self, firsts: Ints, sums: Ints) -> Ints:
        """Sum each customer's rows from one of them to its last, of running sums."""
        return np.asarray(sums[self.ends] - sums[firsts])

    def most(self, values: Floats) -> Floats:
        """Return each customer's largest value, NaN without rows."""
        full = np.flatnonzero(self.ends > self.starts)
        bounds = np.empty(2 * len(full), np.int64)
        bounds[::2], bounds[1::2] = self.starts[full], self.ends[full]
        # The last run may end with the rows; what lies between two runs is left out.
        bounds = bounds[: np.searchsorted(bounds, len(values))]
        largest = np.full(len(self.starts), np.nan)
        if len(full):
            largest[full] = np.maximum.reduceat(values, bounds)[::2]
        return largest

    def first(self, values: Floats) -> Floats:
        """Return the value of each customer's first row, NaN without rows."""
        return self.pick(values, self.starts, self.ends > self.starts)

    def last(self, values: Floats) -> Floats:
        """Return the value of each customer's last row, NaN without rows."""
        return self.pick(values, self.ends - 1, self.ends > self.starts)

    def pick(self, values: Floats, rows: Ints, where: Bools) -> Floats:
        """Return the value in a row of each customer, NaN where there is none."""
        picked = np.full(len(rows), np.nan)
        picked[where] = values[rows[where]]
        return picked

    def exact_sum(self, terms: Floats) -> Floats:
        """Sum whole numbers of any size that are held as doubles, and round once."""
        return joined([self.sum(part) for part in split(terms, self.counts)])


def most_so_far(values: Ints, who: Ints) -> Ints:
    """Return the largest of each row and those of its customer before it.

    Parameters
    ----------
    values, who : array of shape (n_rows,)
        0 and more; the customers ascending.
    """
    span = int(values.max(initial=0)) + 1
    if (int(who.max(initial=0)) + 1) * span < MOST:
        whole = who * span
        return np.asarray(np.maximum.accumulate(whole + values) - whole)
    largest, step = values.copy(), 1
    while (is_same := who[step:] == who[:-step]).any():
        np.maximum(largest[step:], largest[:-step], out=largest[step:], where=is_same)
        step *= 2
    return largest


def split(terms: Floats, counts: Ints) -> list[Ints]:
    """Return whole numbers of any size as integers, or as three that have limbs.

    Parameters
    ----------
    terms : array of shape (n_rows,)
    counts : array of shape (n_customers,)
        How many of the rows each customer has.
    """
    largest = float(np.abs(terms).max(initial=0))
    fits = largest * int(counts.max(initial=0)) < MOST
    return [terms.astype(np.int64)] if fits else limbs(terms)


def limbs(terms: Floats) -> list[Ints]:
    """Return the lowest 32 bits of whole numbers, the next 32, and what is above."""
    high = np.trunc(terms / LIMB**2)
    below = terms - high * LIMB**2
    middle = np.trunc(below / LIMB)
    return [part.astype(np.int64) for part in (below - middle * LIMB, middle, high)]


def joined(sums: list[Ints]) -> Floats:
    """Return the sums of what ``split`` has split, rounded once."""
    if len(sums) == 1:
        return sums[0].astype(np.float64)
    low, middle, high = sums
    carried = middle + (low >> 32)
    top = high + (carried >> 32)
    bottom = (carried.astype(np.uint64) << np.uint64(32)) | (
        low.astype(np.uint64) & np.uint64(0xFFFFFFFF)
    )
    signed = bottom.astype(np.int64)
    return np.where(
        top == signed >> 63,
        signed.astype(np.float64),
        top.astype(np.float64) * LIMB**2 + bottom.astype(np.float64),
    )


def sort_within(values: Ints, who: Ints) -> Ints:
    """Return the places of the rows by customer, and then by a value of 0 and more."""
    bits = int(who.max(initial=0)).bit_length()
    of_value = int(values.max(initial=0)).bit_length()
    if bits + of_value <= 64:
        key = (who.astype(np.uint64) << np.uint64(of_value)) | values.astype(np.uint64)
        return sort_places(key, bits + of_value)
    return np.lexsort((values, who))


def to_micros(instant: datetime) -> int:
    """Return a naive instant in microseconds."""
    return (instant - EPOCH) // MICROSECOND


def running(values: Ints | Bools) -> Ints:
    """Return the sums of all rows before each, and of all: one more than rows."""
    sums = np.empty(len(values) + 1, np.int64)
    sums[0] = 0
    np.cumsum(values.astype(np.int64, copy=False), out=sums[1:])
    return sums


def sort_places(key: Codes, bits: int) -> Ints:
    """Return the places of the rows in the order of a key of so many bits.

    Rows of one key stay in their order.
    """
    n = len(key)
    of_place = n.bit_length()
    if bits + of_place > 64:
        return np.argsort(key, kind="stable")
    # To sort numbers is twice as fast as to sort their places.
    packed = (key << np.uint64(of_place)) | np.arange(n, dtype=np.uint64)
    packed.sort()
    return (packed & np.uint64((1 << of_place) - 1)).astype(np.int64)


def heads(*keys: npt.NDArray[np.generic]) -> Bools:
    """Tell where a row differs from the one before it in any of the keys."""
    is_head = np.ones(len(keys[0]), np.bool_)
    if len(is_head):
        is_head[1:] = keys[0][1:] != keys[0][:-1]
        for key in keys[1:]:
            is_head[1:] |= key[1:] != key[:-1]
    return is_head


def last_places(starts: Ints, n: int) -> Ints:
    """Return the last place of each group of n rows, given the first ones."""
    return np.append(starts[1:], n)[: len(starts)] - 1


def group_sums(values: Ints, starts: Ints) -> Ints:
    """Sum the rows of each group, given the row that each starts with."""
    sums = running(values)
    return np.asarray(np.diff(sums[np.append(starts, len(values))]))


def rounded(values: Floats) -> Floats:
    """Round to whole numbers, halves away from zero, as decimals in SQL are."""
    whole = np.trunc(values)
    part = values - whole
    whole += part >= 0.5
    whole -= part <= -0.5
    return np.asarray(whole)


def squares(units: Ints) -> Floats:
    """Return the squares of amounts in hundred-millionths, each rounded to one."""
    amounts = np.minimum(money(units), MOST_MONEY)
    return rounded(amounts * amounts * 1e8)


def money(units: Ints | Floats) -> Floats:
    """Return ten-thousandths as amounts."""
    return units / 1e4


def days(micros: Ints) -> Floats:
    """Return microseconds as days."""
    return micros / DAY
