"""Sums of interactions, all together and by type and direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from features.purchases.numpy.grains.history import Grains
from features.purchases.numpy.grains.items import group
from features.purchases.numpy.grains.runs import DAY, Bools, Floats, Ints, heads
from features.purchases.numpy.grains.timeline import Seen, Timeline
from features.purchases.numpy.sums.leaf import Step, Sum, double, money
from features.purchases.numpy.sums.moments import RECENT


@dataclass(frozen=True, slots=True)
class Kinds:
    """The interactions that are counted apart, by type and direction, then customer.

    Few customers have one of each type, so that only those who do are worked on.

    Parameters
    ----------
    rows : array of int
        Their places among all.
    type_no, who : array of int
        By pair of a type and a customer who has any: which these are.
    line : Timeline
        Of the interactions of each pair, as if that were a customer.
    """

    rows: Ints
    type_no: Ints
    who: Ints
    line: Timeline


def _kinds(grains: Grains) -> Kinds:
    contacts, line = grains.history.contacts, grains.contact_runs.line

    def make() -> Kinds:
        rows = np.flatnonzero(contacts.type_no)
        places = np.argsort(
            contacts.type_no[rows] * line.n + line.who[rows], kind="stable"
        )
        rows = rows[places]
        type_no, who = contacts.type_no[rows], line.who[rows]
        is_head = heads(type_no, who)
        pairs = np.flatnonzero(is_head)
        pair_line = Timeline(np.cumsum(is_head) - 1, line.at[rows], len(pairs))
        return Kinds(rows, type_no[pairs], who[pairs], pair_line)

    return line.kept("kinds", make)


@dataclass(frozen=True, slots=True)
class OfTypes:
    """What an as_of sees of the interactions that are counted apart.

    Parameters
    ----------
    runs : Seen
        By pair of a type and a customer.
    cells : mapping of int to (array of int, array of int)
        By type: the pairs, and the places of their customers among those left.
    """

    kinds: Kinds
    runs: Seen
    cells: dict[int, tuple[Ints, Ints]]
    n: int

    def spread(self, type_no: int, values: Floats | Ints) -> Any:
        """Return the values of a type by customer, 0 or NaN for those without any."""
        nothing: float = np.nan if values.dtype.kind == "f" else 0
        values_of_all = np.full(self.n, nothing, values.dtype)
        pairs, who = self.cells.get(type_no, (None, None))
        if pairs is not None:
            values_of_all[who] = values[pairs]
        return values_of_all


def of_types(grains: Grains) -> OfTypes:
    """Return what is seen of the interactions that are counted apart."""

    def make() -> OfTypes:
        kinds = _kinds(grains)
        who = kinds.who
        if grains.left is not None:
            places = np.full(grains.history.n, -1)
            places[grains.left] = np.arange(grains.n)
            who = places[who]
        pairs_left = np.flatnonzero(who >= 0)
        types = kinds.type_no[pairs_left]
        starts = np.flatnonzero(heads(types))
        ends = np.append(starts[1:], len(pairs_left))[: len(starts)]
        cells = {
            int(types[start]): (pairs_left[start:end], who[pairs_left[start:end]])
            for start, end in zip(starts, ends, strict=True)
        }
        return OfTypes(kinds, kinds.line.seen(grains.as_of, None), cells, grains.n)

    return grains.kept("types", make)


def n_of_type(grains: Grains, type_no: int) -> Ints:
    """Count the interactions of a type."""
    seen = of_types(grains)
    counts = grains.kept("of types", lambda: seen.runs.counts)
    return np.asarray(seen.spread(type_no, counts))


def n_of_type_within(grains: Grains, type_no: int, n_days: int) -> Ints:
    """Count the interactions of a type in the last days."""
    seen = of_types(grains)
    since = grains.as_of - n_days * DAY
    counts = grains.kept(f"of types {n_days}", lambda: seen.runs.within(since))
    return np.asarray(seen.spread(type_no, counts))


def last_of_type(grains: Grains, type_no: int) -> Floats:
    """Return the days since the last interaction of a type."""
    seen = of_types(grains)
    age = grains.kept("ages of types", seen.runs.age_of_last)
    return np.asarray(seen.spread(type_no, age))


def value_of_type(grains: Grains, type_no: int) -> Ints:
    """Sum the values of the interactions of a type."""
    seen, rows = of_types(grains), grains.history.contacts
    runs, at = seen.runs, seen.kinds.rows
    total = grains.kept("values", lambda: runs.total("value", lambda: rows.value[at]))
    return np.asarray(seen.spread(type_no, total))


def n_values_of_type(grains: Grains, type_no: int) -> Ints:
    """Count the interactions of a type that have a value."""
    seen, rows = of_types(grains), grains.history.contacts
    runs, at = seen.runs, seen.kinds.rows
    total = grains.kept(
        "n values", lambda: runs.total("has_value", lambda: rows.has_value[at])
    )
    return np.asarray(seen.spread(type_no, total))


def last_value_of_type(grains: Grains, type_no: int) -> Ints:
    """Return the value of the last interaction of a type, 0 for none."""
    return np.asarray(_last_of(grains, type_no, "value"))


def no_last_value(grains: Grains, type_no: int) -> Bools:
    """Tell whose last interaction of a type has no value, or who has none."""
    return np.asarray(_last_of(grains, type_no, "has_value") == 0)


def _last_of(grains: Grains, type_no: int, column: str) -> Ints:
    seen, rows = of_types(grains), grains.history.contacts

    def make() -> Ints:
        where = seen.runs.ends > seen.runs.starts
        values_of_all = np.zeros(len(where), np.int64)
        last = seen.kinds.rows[seen.runs.ends[where] - 1]
        values_of_all[where] = getattr(rows, column)[last]
        return values_of_all

    return np.asarray(seen.spread(type_no, grains.kept(f"last {column}", make)))


def n_types(grains: Grains) -> Ints:
    """Count the types of interaction."""
    rows, line = grains.history.contacts, grains.contact_runs.line

    def make() -> Timeline:
        places, starts = group(line.who, rows.type, np.arange(len(line.who)))
        firsts = places[starts]
        return Timeline(line.who[firsts], line.at[firsts], line.n)

    return line.kept("types", make).seen(grains.as_of, grains.left).counts


def within(grains: Grains, n_days: int) -> Ints:
    """Count the interactions of the last days."""
    return grains.contact_runs.within(grains.as_of - n_days * DAY)


def has_any(grains: Grains) -> Bools:
    """Tell who has interactions."""
    return np.asarray(grains.contact_runs.counts > 0)


def _recent(column: str) -> Any:
    def total(grains: Grains, n_days: int) -> Ints:
        rows, runs = grains.history.contacts, grains.contact_runs
        sums = runs.line.running(column, lambda: getattr(rows, column))
        return runs.sum_from(runs.since(grains.as_of - n_days * DAY), sums)

    return total


CONTACTS = Step(
    {
        "count(*)": Sum(lambda grains: grains.contact_runs.counts, is_positive=True),
        f"count(*) {RECENT}": Sum(within),
        "count(distinct type)": Sum(n_types, is_positive=True),
        "min(age_days)": double(lambda grains: grains.contact_runs.age_of_last()),
        "count(*) filter (where direction = 'inbound')": Sum(
            lambda grains: grains.contact_runs.total(
                "inbound", lambda: grains.history.contacts.is_inbound
            )
        ),
        f"coalesce(sum(minutes) {RECENT}, 0)": money(_recent("minutes")),
        f"coalesce(sum(cost) {RECENT}, 0)": money(_recent("cost")),
        "count(*) filter (where type_no = $no)": Sum(n_of_type),
        "count(*) filter (where type_no = $no and age_days <= $days)": Sum(
            n_of_type_within
        ),
        "min(age_days) filter (where type_no = $no)": double(last_of_type),
        "max(value) filter (where type_no = $no and n_back = 1)": money(
            last_value_of_type, no_last_value
        ),
        "sum(value) filter (where type_no = $no)": money(
            value_of_type,
            lambda grains, type_no: n_values_of_type(grains, type_no) == 0,
        ),
        "count(value) filter (where type_no = $no)": Sum(n_values_of_type),
    },
    has_any,
)
