"""Sums of interactions, all together and by type and direction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from features.purchases.numpy.grains.history import Grains
from features.purchases.numpy.grains.items import group
from features.purchases.numpy.grains.runs import DAY, Bools, Floats, Ints, heads
from features.purchases.numpy.grains.runs import money as to_money
from features.purchases.numpy.grains.timeline import Seen, Timeline
from features.purchases.numpy.sums.leaf import (
    Make,
    Step,
    Sum,
    counted,
    double,
    money,
    summed,
)

CONTACTS = attrgetter("contact_runs")


@dataclass(frozen=True, slots=True)
class OfTypes:
    """The interactions that are counted apart, by type and direction, then customer.

    Few customers have one of each type, so that only those who do are worked on.

    Parameters
    ----------
    rows : array of int
        Their places among all.
    who : array of int
        By pair of a type and a customer who has any: the customer.
    line : Timeline
        Of the interactions of each pair, as if that were a customer.
    pairs : mapping of int to slice
        By type.
    """

    rows: Ints
    who: Ints
    line: Timeline
    pairs: dict[int, slice]


def _of_types(grains: Grains) -> OfTypes:
    contacts, line = grains.history.contacts, grains.contact_runs.line

    def make() -> OfTypes:
        rows = np.flatnonzero(contacts.type_no)
        key = contacts.type_no[rows] * line.n + line.who[rows]
        rows = rows[np.argsort(key, kind="stable")]
        type_no, who = contacts.type_no[rows], line.who[rows]
        is_head = heads(type_no, who)
        pair_line = Timeline(
            np.cumsum(is_head) - 1, line.at[rows], int(np.count_nonzero(is_head))
        )
        numbers, firsts = np.unique(type_no[is_head], return_index=True)
        slices = map(slice, firsts, [*firsts[1:], pair_line.n])
        pairs = dict(zip(numbers.tolist(), slices, strict=True))
        return OfTypes(rows, who[is_head], pair_line, pairs)

    return line.kept("of types", make)


def _by_type(name: str, values: Callable[..., Any]) -> Make:
    """Return what looks up values of a type, 0 or NaN for customers without any.

    Parameters
    ----------
    name : str
        Of the values, which are worked out for all types at once.
    values : callable
        Returns the values of each pair, given the grains, the interactions that are
        counted apart, what is seen of them and maybe a number of days.
    """

    def of_type(grains: Grains, type_no: int, *n_days: int) -> Any:
        types = _of_types(grains)

        def make() -> Any:
            runs = types.line.seen(grains.as_of, None)
            return values(grains, types, runs, *n_days)

        numbers = grains.kept(f"{name} of types {n_days}", make)
        nothing: float = np.nan if numbers.dtype.kind == "f" else 0
        values_of_all = np.full(grains.n + 1, nothing, numbers.dtype)
        pairs = types.pairs.get(type_no)
        if pairs is not None:
            places = grains.kept("places of types", lambda: _places(grains, types.who))
            values_of_all[places[pairs]] = numbers[pairs]
        return values_of_all[:-1]

    return of_type


def _places(grains: Grains, who: Ints) -> Ints:
    """Return the places of customers among those chosen, for others one after all."""
    if grains.chosen is None:
        return who
    places = np.full(grains.history.n, grains.n)
    places[grains.chosen] = np.arange(grains.n)
    return places[who]


def _values(grains: Grains, types: OfTypes, runs: Seen) -> Ints:
    return runs.total("value", lambda: grains.history.contacts.value[types.rows])


def _n_values(grains: Grains, types: OfTypes, runs: Seen) -> Ints:
    rows = types.rows
    return runs.total("n values", lambda: grains.history.contacts.has_value[rows])


def _last_values(grains: Grains, types: OfTypes, runs: Seen) -> Floats:
    contacts = grains.history.contacts
    values = np.where(contacts.has_value, to_money(contacts.value), np.nan)
    return runs.last(values[types.rows])


n_values_of_type = _by_type("n values", _n_values)


def _n_types(grains: Grains) -> Ints:
    rows, line = grains.history.contacts, grains.contact_runs.line

    def make() -> Timeline:
        places, starts = group(line.who, rows.type, np.arange(len(line.who)))
        firsts = places[starts]
        return Timeline(line.who[firsts], line.at[firsts], line.n)

    return line.kept("types", make).seen(grains.as_of, grains.chosen).counts


def has_any(grains: Grains) -> Bools:
    """Tell who has interactions."""
    return np.asarray(grains.contact_runs.counts > 0)


def _has_no_recent(grains: Grains, n_days: int) -> Bools:
    return np.asarray(grains.contact_runs.within(grains.as_of - n_days * DAY) == 0)


CONTACT_SUMS = Step(
    {
        **counted(CONTACTS),
        **summed(
            CONTACTS,
            {
                name: attrgetter(f"history.contacts.{name}")
                for name in ("minutes", "cost")
            },
            null=_has_no_recent,
        ),
        "count(distinct type)": Sum(_n_types, is_positive=True),
        "min(age_days)": double(lambda grains: grains.contact_runs.age_of_last()),
        "count(*) filter (where direction = 'inbound')": Sum(
            lambda grains: grains.contact_runs.total(
                "inbound", lambda: grains.history.contacts.is_inbound
            )
        ),
        "count(*) filter (where type_no = $no)": Sum(
            _by_type("n", lambda _, types, runs: runs.counts)
        ),
        "count(*) filter (where type_no = $no and age_days <= $days)": Sum(
            _by_type(
                "n within",
                lambda grains, types, runs, n_days: runs.within(
                    grains.as_of - n_days * DAY
                ),
            )
        ),
        "min(age_days) filter (where type_no = $no)": double(
            _by_type("ages", lambda _, types, runs: runs.age_of_last())
        ),
        "max(value) filter (where type_no = $no and n_back = 1)": double(
            _by_type("last values", _last_values)
        ),
        "sum(value) filter (where type_no = $no)": money(
            _by_type("values", _values),
            lambda grains, type_no: n_values_of_type(grains, type_no) == 0,
        ),
        "count(value) filter (where type_no = $no)": Sum(n_values_of_type),
    },
    has_any,
)
