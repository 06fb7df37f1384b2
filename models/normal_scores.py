"""Bring any column to a bell curve, by what share of customers lie below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import ndtr, ndtri
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

Floats = npt.NDArray[np.float64]

FEW = 32
"""Rows up to which all columns are looked at together."""


class NormalScores(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Map each column to the normal quantiles of its ranks, missing at the median.

    Money and counts have long tails, which would make a cluster of one customer. Ranks
    have none.

    Parameters
    ----------
    n_knots : int
        Quantiles kept of each column; between them the map is linear in the rank.
    tail : float
        Share at either end whose values count alike.

    Attributes
    ----------
    knots_ : ndarray of shape (n_knots, n_features)
        Quantiles of each column, from the least to the greatest.
    medians_ : ndarray of shape (n_features,)
        0 for a column without a value.
    n_features_in_ : int

    Examples
    --------
    >>> scores = NormalScores().fit([[1.0], [2.0], [4.0], [100.0]])
    >>> scores.transform([[1.0], [3.0], [1e9]]).round(2).ravel().tolist()
    [-2.33, 0.0, 2.33]
    """

    def __init__(self, *, n_knots: int = 101, tail: float = 0.01) -> None:
        self.n_knots = n_knots
        self.tail = tail

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:
        """Keep the quantiles of each column of ``X``, of shape (n, n_features)."""
        table = self._check(X, reset=True)
        levels = np.linspace(0, 1, self.n_knots)
        columns = [column[~np.isnan(column)] for column in table.T]
        filled = [column if len(column) else np.zeros(1) for column in columns]
        self.knots_ = np.column_stack([np.quantile(c, levels) for c in filled])
        self.medians_ = np.array([float(np.median(column)) for column in filled])
        return self

    def transform(self, X: npt.ArrayLike) -> Floats:
        """Return the normal scores, of shape (n, n_features), none missing."""
        check_is_fitted(self)
        table = self._check(X, reset=False)
        if len(table) <= FEW:
            return self._transform_few(table)
        scores = np.empty(table.shape, order="F")  # one column is worked on at a time
        table = np.asfortranarray(table)
        for place, (column, knots) in enumerate(
            zip(table.T, self.knots_.T, strict=True)
        ):
            filled = np.where(np.isnan(column), self.medians_[place], column)
            if (knots[1:] == knots[:-1]).any():  # few values, many customers
                values = pa.array(filled).dictionary_encode()
                known = self._score(values.dictionary.to_numpy(), knots)
                scores[:, place] = known[values.indices.to_numpy()]
            else:
                scores[:, place] = self._score(filled, knots)
        return scores

    def _transform_few(self, table: Floats) -> Floats:
        """Return the same bits, all columns at once: few rows are not worth a loop."""
        filled = np.where(np.isnan(table), self.medians_, table)
        below = _interpolate(filled, self.knots_)
        above = _interpolate(-filled, -self.knots_[::-1])
        ranks = np.clip((below + 1 - above) / 2, self.tail, 1 - self.tail)
        return np.asarray(ndtri(ranks))

    def inverse_transform(self, X: npt.ArrayLike) -> Floats:
        """Return the values that have these scores."""
        check_is_fitted(self)
        ranks = ndtr(np.asarray(X, dtype=np.float64))
        levels = np.linspace(0, 1, len(self.knots_))
        columns = [
            np.interp(r, levels, k) for r, k in zip(ranks.T, self.knots_.T, strict=True)
        ]
        return np.column_stack(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        check_is_fitted(self)
        return {
            "n_knots": self.n_knots,
            "tail": self.tail,
            "knots": self.knots_.tolist(),
            "medians": self.medians_.tolist(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> NormalScores:
        """Restore what ``to_dict`` gave."""
        model = cls(n_knots=values["n_knots"], tail=values["tail"])
        model.knots_ = np.array(values["knots"], dtype=np.float64)
        model.medians_ = np.array(values["medians"], dtype=np.float64)
        model.n_features_in_ = len(model.medians_)
        return model

    def _check(self, X: npt.ArrayLike, *, reset: bool) -> Floats:
        checked = validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan"
        )
        return np.asarray(checked, dtype=np.float64)

    def _score(self, values: Floats, knots: Floats) -> Floats:
        """Return the normal score of each value of one column."""
        ranks = np.clip(self._rank(values, knots), self.tail, 1 - self.tail)
        return np.asarray(ndtri(ranks))

    def _rank(self, column: Floats, knots: Floats) -> Floats:
        """Return the share below, with half of those who are equal."""
        levels = np.linspace(0, 1, len(knots))
        below = np.interp(column, knots, levels)
        above = np.interp(-column, -knots[::-1], levels)
        return np.asarray((below + 1 - above) / 2)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _interpolate(values: Floats, knots: Floats) -> Floats:
    """Return ``np.interp`` of each column on its own knots, to evenly spaced levels.

    Parameters
    ----------
    values : ndarray of shape (n, n_features)
    knots : ndarray of shape (n_knots, n_features)
        Ascending.
    """
    levels = np.linspace(0, 1, len(knots))
    last = len(knots) - 1
    at = np.empty(values.shape, dtype=np.intp)
    for row, each in zip(values, at, strict=True):
        each[:] = np.count_nonzero(knots <= row, axis=0) - 1
    inside = np.clip(at, 0, last - 1)
    columns = np.arange(knots.shape[1])
    left, right = knots[inside, columns], knots[inside + 1, columns]
    low, high = levels[inside], levels[inside + 1]
    with np.errstate(all="ignore"):  # as numpy's own, which is not heard either
        slope = (high - low) / (right - left)
        between = slope * (values - left) + low
        again = slope * (values - right) + high
    between = np.where(np.isnan(between), again, between)
    found = np.where(left == values, low, between)
    return np.where(at < 0, levels[0], np.where(at >= last, levels[last], found))
