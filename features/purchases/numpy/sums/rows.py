"""The rows that sums are of, one by one: for a sum that has no quicker way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.purchases.numpy.formulas.values import Type
from features.purchases.numpy.grains.history import Grains
from features.purchases.numpy.grains.runs import (
    DAY,
    MOST_UNITS,
    Bools,
    Floats,
    Ints,
    SumError,
    days,
)
from features.purchases.numpy.grains.timeline import Seen
from features.purchases.numpy.sums.moments import silence

Make = Callable[[Grains], Any]


@dataclass(frozen=True, slots=True)
class RowColumn:
    """A column of rows: of all that there are, those not seen yet too.

    Parameters
    ----------
    make : callable
    type : Type
    scale : int
    null : callable or None
        Returns which rows have none.
    """

    make: Make
    type: Type = Type.WHOLE
    scale: int = 0
    null: Make | None = None


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of customers, and what can be made of those that an as_of sees.

    Parameters
    ----------
    runs : callable
        Returns which rows of each customer are seen.
    columns : mapping of str to RowColumn
    """

    runs: Callable[[Grains], Seen]
    columns: Mapping[str, RowColumn]

    def count(self, grains: Grains, where: Bools) -> Ints:
        """Count the rows for which something holds."""
        return self.runs(grains).sum(self._whole(grains, where))

    def sum(self, grains: Grains, values: Ints, where: Bools) -> Ints:
        """Sum the whole numbers of such rows, 0 for none."""
        runs = self.runs(grains)
        most = int(np.abs(values).max(initial=0)) * int(runs.counts.max(initial=0))
        if most >= MOST_UNITS:
            raise SumError("The sum of a customer comes to more than 64 bits hold.")
        return runs.sum(self._whole(grains, np.where(where, values, 0)))

    def largest(self, grains: Grains, values: Floats, where: Bools) -> Floats:
        """Return the largest value of such rows, NaN for none."""
        extreme = self.runs(grains).most(
            self._whole(grains, np.where(where, values, -np.inf))
        )
        return np.where(np.isinf(extreme), np.nan, extreme)

    def smallest(self, grains: Grains, values: Floats, where: Bools) -> Floats:
        """Return the smallest value of such rows, NaN for none."""
        return -self.largest(grains, np.negative(values), where)

    def _whole(self, grains: Grains, values: Any) -> Any:
        """Return a value a row, also where it is one for all."""
        return np.broadcast_to(values, self.runs(grains).line.at.shape)


def place(runs: Seen) -> Ints:
    """Return which of its customer's rows each is, from 1."""
    line = runs.line
    return np.arange(1, len(line.at) + 1) - line.starts[line.who]


def place_back(runs: Seen) -> Ints:
    """Return which of those seen each is, from 1 for the last."""
    line = runs.line
    ends = line.ends if line.last_at < runs.as_of else line.since(runs.as_of)
    return ends[line.who] - np.arange(len(line.at))


def _age(runs: Callable[[Grains], Seen]) -> RowColumn:
    return RowColumn(
        lambda grains: days(grains.as_of - runs(grains).line.at), Type.DOUBLE
    )


def _orders(grains: Grains) -> Seen:
    return grains.order_runs


def _moments(grains: Grains) -> Seen:
    return grains.moment_runs


def _days(grains: Grains) -> Seen:
    return grains.day_runs


def _gaps(grains: Grains) -> Ints:
    """Return the days since the day before, 0 of a customer's first."""
    day = grains.days.day
    gaps = np.diff(day, prepend=day[:1])
    gaps[_first_days(grains)] = 0
    return gaps


def _first_days(grains: Grains) -> Bools:
    return np.asarray(place(grains.day_runs) == 1)


def _silence(grains: Grains) -> Floats:
    runs = grains.day_runs
    return runs.on_line(silence(grains))[runs.line.who]


ORDER_ROWS = Rows(
    _orders,
    {
        "value": RowColumn(lambda grains: grains.orders.value, scale=4),
        "n_lines": RowColumn(lambda grains: grains.orders.n_lines),
        "ordered_at": RowColumn(lambda grains: grains.orders.at, Type.INSTANT),
        "age_days": _age(_orders),
        "n_th": RowColumn(lambda grains: place(grains.order_runs)),
        "n_back": RowColumn(lambda grains: place_back(grains.order_runs)),
    },
)
MOMENT_ROWS = Rows(
    _moments,
    {
        "net": RowColumn(lambda grains: grains.moments.net, scale=4),
        "gross": RowColumn(lambda grains: grains.moments.gross, scale=4),
        "returned": RowColumn(lambda grains: grains.moments.returned, scale=4),
        "units": RowColumn(lambda grains: grains.moments.units, scale=4),
        "discount": RowColumn(lambda grains: grains.moments.discount, scale=4),
        "cost": RowColumn(lambda grains: grains.moments.cost, scale=4),
        "costed_gross": RowColumn(lambda grains: grains.moments.costed, scale=4),
        "n_purchase_lines": RowColumn(lambda grains: grains.moments.n_bought),
        "n_return_lines": RowColumn(lambda grains: grains.moments.n_sent_back),
        "occurred_at": RowColumn(lambda grains: grains.moments.at, Type.INSTANT),
        "day": RowColumn(lambda grains: grains.moments.at // DAY, Type.DATE),
        "age_days": _age(_moments),
    },
)
DAY_ROWS = Rows(
    _days,
    {
        "gross": RowColumn(lambda grains: grains.days.gross, scale=4),
        "day": RowColumn(lambda grains: grains.days.day, Type.DATE),
        "age_days": RowColumn(
            lambda grains: days(grains.as_of - grains.days.last_at), Type.DOUBLE
        ),
        "gap_days": RowColumn(_gaps, null=_first_days),
        "days_since_last_order": RowColumn(_silence, Type.DOUBLE),
        "n_th": RowColumn(lambda grains: place(grains.day_runs)),
        "n_back": RowColumn(lambda grains: place_back(grains.day_runs)),
    },
)
CONTACT_ROWS = Rows(
    lambda grains: grains.contact_runs,
    {
        "age_days": _age(lambda grains: grains.contact_runs),
        "type_no": RowColumn(
            lambda grains: grains.history.contacts.type_no,
            null=lambda grains: grains.history.contacts.type_no == 0,
        ),
        "value": RowColumn(
            lambda grains: grains.history.contacts.value,
            scale=4,
            null=lambda grains: ~grains.history.contacts.has_value,
        ),
    },
)
