"""Bring any column to a bell curve, by what share of customers lie below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from features.types import Floats
from models.parts.curves import Curve, Curves

WIDEN = 1.5
"""Towards either end a piece spans ranks up to so many times as far from it."""


class NormalScores(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Map each column to the normal quantiles of its ranks, missing at the median.

    Money and counts have long tails, which would make a cluster of one customer. Ranks
    have none.

    Parameters
    ----------
    n_knots : int
        Quantiles kept of each column; between them ranks grow evenly.
    tail : float
        Share at either end whose values count alike.

    Attributes
    ----------
    knots_ : ndarray of shape (n_knots, n_features)
        Quantiles of each column, from the least to the greatest.
    medians_ : ndarray of shape (n_features,)
        0 for a column without a value.
    curves_ : Curves
        From values to scores: straight between points so near one another that a score
        is within .01 of its rank's.
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
        columns = [np.sort(column[~np.isnan(column)]) for column in table.T]
        columns = [column if len(column) else np.zeros(1) for column in columns]
        knots = np.column_stack([_quantiles(column, levels) for column in columns])
        return self._keep(knots, np.array([_median(column) for column in columns]))

    def transform(self, X: npt.ArrayLike) -> Floats:
        """Return the normal scores, of shape (n, n_features), none missing."""
        check_is_fitted(self)
        table = self._check(X, reset=False)
        return self.curves_(table)

    def inverse_transform(self, X: npt.ArrayLike) -> Floats:
        """Return the values that have about these scores."""
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
        knots = np.array(values["knots"], dtype=np.float64)
        model.n_features_in_ = knots.shape[1]
        return model._keep(knots, np.array(values["medians"], dtype=np.float64))

    def _check(self, X: npt.ArrayLike, *, reset: bool) -> Floats:
        checked = validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan"
        )
        return np.asarray(checked, dtype=np.float64)

    def _keep(self, knots: Floats, medians: Floats) -> Self:
        """Take what was found, and work out what ``transform`` needs of it."""
        self.knots_, self.medians_ = knots, medians
        points = [self._points(column) for column in knots.T]
        of_medians = Curves(points, np.zeros(len(points)))(medians[None])
        self.curves_ = Curves(points, of_medians[0])
        return self

    def _points(self, knots: Floats) -> Curve:
        """Return values, ascending, and the scores of their ranks."""
        values, ranks = _finer(*_ranks(knots), tail=self.tail)
        return values, np.asarray(ndtri(np.clip(ranks, self.tail, 1 - self.tail)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _quantiles(ordered: Floats, levels: Floats) -> Floats:
    """Return ``np.quantile`` of numbers in order, to the same bits.

    That one partitions them around each level, even if they are in order.
    """
    places = levels * (len(ordered) - 1)
    below = np.floor(places).astype(np.intp)
    above = np.minimum(below + 1, len(ordered) - 1)
    share, step = places - below, ordered[above] - ordered[below]
    return np.where(
        share < 0.5, ordered[below] + step * share, ordered[above] - step * (1 - share)
    )


def _median(ordered: Floats) -> float:
    n = len(ordered)
    return float(np.mean([ordered[(n - 1) // 2], ordered[n // 2]]))


def _ranks(knots: Floats) -> Curve:
    """Return values, ascending, and the share of customers below each.

    Of those who are equal half are below: knots that are equal make a step, which has
    three points. Between two points the share is linear.
    """
    levels = np.linspace(0, 1, len(knots))
    values, first, count = np.unique(knots, return_index=True, return_counts=True)
    low, high, is_step = levels[first], levels[first + count - 1], count > 1
    before, after = np.nextafter(values, -np.inf), np.nextafter(values, np.inf)
    # Two knots may be neighbours, with no number between them to stand for a side.
    has_after = is_step & (after < np.append(values[1:], np.inf))
    reached = np.append(-np.inf, np.where(has_after, after, values)[:-1])
    has_before = is_step & (before > reached)
    points = np.column_stack([has_before, np.ones(len(values), np.bool_), has_after])
    return (
        np.column_stack([before, values, after])[points],
        np.column_stack([low, (low + high) / 2, high])[points],
    )


def _finer(values: Floats, ranks: Floats, *, tail: float) -> Curve:
    """Add points near both ends, where scores bend most."""
    steps = np.ceil(np.log(0.5 / tail) / np.log(WIDEN))
    near = tail * WIDEN ** np.arange(steps)
    more = np.concatenate([near, 1 - near])
    at = np.searchsorted(ranks, more)  # those on a point already have one
    is_inside = (at > 0) & (at < len(ranks))
    more, at = more[is_inside], at[is_inside]
    below, above = ranks[at - 1], ranks[at]
    share = (more - below) / (above - below)
    knots = values[at - 1] * (1 - share) + values[at] * share
    is_between = (values[at - 1] < knots) & (knots < values[at])
    values = np.append(values, knots[is_between])
    order = np.argsort(values)
    return values[order], np.append(ranks, more[is_between])[order]
