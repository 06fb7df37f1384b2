"""Curves of straight pieces, one for each column of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from features.types import Floats

Curve = tuple[Floats, Floats]
"""Points: values, ascending, and what each is mapped to."""

FEW_ROWS = 8
"""Rows up to which all columns are looked at together."""


class Curves:
    """Map each column along a curve of its own, to the same bits for few rows and many.

    Before the first point and after the last a curve is level.

    Parameters
    ----------
    points : sequence of (array of shape (n_points,), array of shape (n_points,))
        Of each column.
    absent : ndarray of shape (n_features,)
        What a missing value is mapped to.
    """

    def __init__(self, points: Sequence[Curve], absent: Floats) -> None:
        self.points = tuple(points)
        self.absent = absent
        self._last = np.array([len(values) - 1 for values, _ in points])
        self._values = np.full((self._last.max(initial=0) + 1, len(points)), np.inf)
        self._mapped = np.zeros(self._values.shape)
        for place, (values, mapped) in enumerate(points):
            self._values[: len(values), place] = values
            self._mapped[: len(values), place] = mapped

    def __call__(self, table: Floats) -> Floats:
        """Return what a table of shape (n, n_features) is mapped to."""
        mapped = np.empty(table.shape, order="F")  # a column at a time
        if len(table) <= FEW_ROWS:
            np.copyto(mapped, self._interpolate(table))
            np.copyto(mapped, self.absent, where=np.isnan(table))
        else:
            for place, column in enumerate(table.T):
                mapped[:, place] = self._column(column, place)
        return mapped

    def sum(self, table: Floats) -> Floats:
        """Return the sums of ``self(table)`` over the columns, of shape (n,)."""
        if len(table) <= FEW_ROWS:
            return sum_columns(self(table))
        total = np.zeros(len(table))
        for place, column in enumerate(table.T):
            total += self._column(column, place)
        return total

    def scaled(self, factor: Floats, plus: Floats, absent: Floats) -> Curves:
        """Return curves ``factor`` times as high, and ``plus`` higher.

        Parameters
        ----------
        factor, plus : ndarray of shape (n_features,)
        absent : ndarray of shape (n_features,)
            What a missing value comes to beyond that.
        """
        points = [
            (values, mapped * by + more)
            for (values, mapped), by, more in zip(
                self.points, factor, plus, strict=True
            )
        ]
        return Curves(points, self.absent * factor + plus + absent)

    def _column(self, column: Floats, place: int) -> Floats:
        mapped = np.interp(column, *self.points[place])
        is_missing = np.isnan(column)
        if is_missing.any():
            mapped[is_missing] = self.absent[place]
        return mapped

    def _interpolate(self, table: Floats) -> Floats:
        """Return ``np.interp`` of each column on its curve, to the same bits."""
        at = np.empty(table.shape, dtype=np.intp)
        for row, places in zip(table, at, strict=True):
            places[:] = np.count_nonzero(self._values <= row, axis=0) - 1
        inside = np.clip(at, 0, np.maximum(self._last - 1, 0))
        after = np.minimum(inside + 1, self._last)
        columns = np.arange(table.shape[1])
        start, end = self._values[inside, columns], self._values[after, columns]
        low, high = self._mapped[inside, columns], self._mapped[after, columns]
        with np.errstate(all="ignore"):  # as numpy's own, which is not heard either
            slope = (high - low) / (end - start)
            between = slope * (table - start) + low
            again = slope * (table - end) + high
        between = np.where(np.isnan(between), again, between)
        mapped = np.where(start == table, low, between)
        mapped = np.where(at < 0, self._mapped[0], mapped)
        return np.where(at >= self._last, self._mapped[self._last, columns], mapped)


def sum_columns(parts: Floats) -> Floats:
    """Return the sum of each row, the columns added one after the other.

    ``sum`` adds them in another order, which is not the same for one row and for many.
    """
    if len(parts) <= FEW_ROWS:
        return np.asarray(parts.cumsum(axis=1)[:, -1])
    total = np.zeros(len(parts))
    for column in parts.T:
        total += column
    return total
