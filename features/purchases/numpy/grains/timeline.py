"""Rows of customers in time: what is counted and summed of them, found once for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from features.purchases.numpy.grains.runs import (
    Bools,
    Floats,
    Ints,
    Number,
    Runs,
    days,
    joined,
    most_so_far,
    running,
    sort_within,
    split,
)

Kept = TypeVar("Kept")

MOST_LEFT = 4
"""Instants whose later rows are held."""

FEW_ROWS = 2_000
"""Rows up to which it is quickest to look at all."""

MOST_COUNTED = 48
"""Instants whose later rows are held as counts."""


class Timeline:
    """Rows by customer, each at an instant.

    What does not hang on the as_of is worked out once, and kept under a name.

    Parameters
    ----------
    who : array of int
        Whose each row is, 0 to n - 1, ascending.
    at : array of int
        When each row is, in microseconds.
    n : int
        How many customers.
    few_rows : int
        So many rows are all looked at each time.
    """

    def __init__(
        self, who: Ints, at: Ints, n: int, *, few_rows: int = FEW_ROWS
    ) -> None:
        self.who, self.at, self.n = who, at, n
        self._has_few = len(at) < few_rows
        counts = np.bincount(who, minlength=n)
        self.ends = np.cumsum(counts)
        self.starts = self.ends - counts
        self.last_at = int(at.max()) if len(at) else 0
        self._since: dict[int, Ints] = {}
        self._left: dict[int, tuple[Ints, Ints]] = {}
        self._kept: dict[str, Any] = {}

    def kept(self, name: str, make: Callable[[], Kept]) -> Kept:
        """Return what was made under this name, or make it."""
        if name not in self._kept:
            self._kept[name] = make()
        value: Kept = self._kept[name]
        return value

    def running(self, name: str, values: Callable[[], Ints | Bools]) -> Ints:
        """Return the running sums of what is called so."""
        return self.kept(f"sums of {name}", lambda: running(values()))

    def since(self, instant: int) -> Ints:
        """Return each customer's first row at or after an instant, by their number.

        It is quickest to ask the earliest first.
        """
        if instant not in self._since:
            if len(self._since) == MOST_COUNTED:
                del self._since[next(iter(self._since))]
            self._since[instant] = self._find(instant)
        return self._since[instant]

    def count(self, instants: Ints) -> None:
        """Find the rows since each of many ascending instants in one pass."""
        n_passed = np.searchsorted(instants, self.at, side="right")
        small = np.uint8 if len(instants) < 2**8 else np.int64
        rows = np.argsort(n_passed.astype(small), kind="stable")
        who = self.who[rows]
        ends = np.bincount(n_passed, minlength=len(instants) + 1).cumsum()
        since, self._since = self.ends, {}
        # Instant by instant, as the counts of one stay in the cache.
        for place in range(len(instants) - 1, -1, -1):
            between = who[ends[place] : ends[place + 1]]
            if len(between):
                since = since - np.bincount(between, minlength=self.n)
            self._since[int(instants[place])] = since

    def _find(self, instant: int) -> Ints:
        """Count among those that an earlier instant has left, where they are few."""
        if self._has_few:
            is_later = self.at >= instant
            if self.n == 1:
                return self.ends - np.count_nonzero(is_later)
            return self.ends - np.bincount(self.who[is_later], minlength=self.n)
        earlier = max(
            (before for before in self._left if before <= instant), default=None
        )
        at, who = (self.at, self.who) if earlier is None else self._left[earlier]
        rows = np.flatnonzero(at >= instant)
        if len(rows) > len(self.at) // 2:
            before = np.flatnonzero(self.at < instant)
            counts = np.bincount(self.who[before], minlength=self.n)
            return np.asarray(self.starts + counts)
        at, who = at[rows], who[rows]
        if len(self._left) == MOST_LEFT:
            del self._left[min(self._left)]
        self._left[instant] = at, who
        return np.asarray(self.ends - np.bincount(who, minlength=self.n))

    def seen(self, as_of: int, chosen: Ints | None) -> Seen:
        """Return what is seen before an instant, of all customers or those chosen.

        Each customer's rows must be in the order of time.
        """
        starts, ends = self.starts, self.ends
        if self.last_at >= as_of:
            ends = self.since(as_of)
        if chosen is not None:
            starts, ends = starts[chosen], ends[chosen]
        return Seen(starts, ends, self, as_of, chosen)


@dataclass(frozen=True, slots=True)
class Seen(Runs):
    """The rows that an as_of sees, of all customers or those chosen.

    Rows that are not seen are there too: what is asked of a row may hold anything.
    """

    line: Timeline
    as_of: int
    chosen: Ints | None
    upto: dict[int, tuple[Ints, Ints]] = field(default_factory=dict)
    """What running sums have come to by the ends, kept as long as they are."""
    reached: dict[int, Ints] = field(default_factory=dict)
    """The first rows since instants that were asked for."""

    def sum_from(self, firsts: Ints, sums: Ints) -> Ints:
        """Sum each customer's rows from one of them to its last, of kept sums."""
        _, upto = self.upto.get(id(sums), (sums, None))
        if upto is None:
            upto = sums[self.ends]
            self.upto[id(sums)] = sums, upto
        return np.asarray(upto - sums[firsts])

    def sum(self, values: Ints | Bools) -> Ints:
        """Sum whole numbers, or count what is true; 0 for a customer without rows."""
        line = self.line
        # Few are sooner counted than summed up.
        if values.dtype == np.bool_ and np.count_nonzero(values) < len(values) // 2:
            rows = np.flatnonzero(values)
            if line.last_at >= self.as_of:
                rows = rows[line.at[rows] < self.as_of]
            return self.of_left(np.bincount(line.who[rows], minlength=line.n))
        return Runs.sum_from(self, self.starts, running(values))

    def total(self, name: str, values: Callable[[], Ints | Bools]) -> Ints:
        """Sum what is called so, of the rows on the line."""
        return self.sum_from(self.starts, self.line.running(name, values))

    def exact_total(self, name: str, terms: Callable[[], Floats]) -> Floats:
        """Sum whole numbers of any size that are called so, and round once."""
        return joined(self.split_total(name, terms))

    def split_total(self, name: str, terms: Callable[[], Floats]) -> list[Ints]:
        """Sum them without rounding, to be ``joined``."""
        line = self.line

        def make() -> list[Ints]:
            return [running(part) for part in split(terms(), line.ends - line.starts)]

        parts = line.kept(f"parts of {name}", make)
        return [self.sum_from(self.starts, sums) for sums in parts]

    def middle(self, name: str, values: Callable[[], Ints]) -> tuple[Ints, Ints]:
        """Return each customer's two middle values of 0 and more, alike if odd.

        They mean nothing for a customer without rows.
        """
        line = self.line

        def make() -> tuple[Ints, Ints]:
            places = sort_within(values(), line.who)
            return values()[places], line.at[places]

        ordered, at = line.kept(f"order of {name}", make)
        ends, rows = line.ends, None
        if line.last_at >= self.as_of:
            ends, rows = line.since(self.as_of), np.flatnonzero(at < self.as_of)
        counts = ends - line.starts
        ends = np.cumsum(counts)
        both = self.of_left(2 * ends - counts)  # the first and the one after the last
        if not len(ends) or not ends[-1]:
            return both, both
        last = int(ends[-1]) - 1
        low = np.clip((both - 1) // 2, 0, last)
        high = np.clip(both // 2, 0, last)
        if rows is not None:
            low, high = rows[low], rows[high]
        return ordered[low], ordered[high]

    def greatest(self, name: str, values: Callable[[], Ints]) -> Floats:
        """Return each one's largest of values of 0 and more, NaN without rows."""
        line = self.line

        def make() -> Floats:
            return most_so_far(values(), line.who).astype(np.float64)

        return self.last(line.kept(f"most {name}", make))

    def smallest(self, name: str, values: Callable[[], Ints]) -> Floats:
        """Return each one's smallest of values of 0 and more, NaN without rows."""
        line = self.line

        def make() -> Floats:
            top = int(values().max(initial=0))
            least = top - most_so_far(top - values(), line.who)
            return least.astype(np.float64)

        return self.last(line.kept(f"least {name}", make))

    def age_of_last(self) -> Floats:
        """Return the days since each customer's last row, NaN without rows."""
        ages = np.full(len(self.ends), np.nan)
        where = self.ends > self.starts
        ages[where] = days(self.as_of - self.line.at[self.ends[where] - 1])
        return ages

    def within(self, instant: int) -> Ints:
        """Count each customer's rows at or after an instant before the as_of."""
        return np.asarray(self.ends - self.since(instant))

    def since(self, instant: int) -> Ints:
        """Return each one's first row at or after an instant."""
        if self.chosen is None:
            return self.line.since(instant)
        if instant not in self.reached:
            self.reached[instant] = self.line.since(instant)[self.chosen]
        return self.reached[instant]

    def of_left(self, values: Ints) -> Ints:
        """Leave out the values of other customers."""
        return values if self.chosen is None else values[self.chosen]

    def on_line(self, values: Number) -> Number:
        """Return values of the chosen customers at the places of all on the line."""
        if self.chosen is None:
            return values
        on_line = np.zeros(self.line.n, values.dtype)
        on_line[self.chosen] = values
        return on_line
