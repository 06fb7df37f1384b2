"""Logistic regression on normal scores: the smooth half of the churn model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from models.parts.curves import Curves, sum_columns
from models.parts.normal_scores import NormalScores

Floats = npt.NDArray[np.float64]


CHUNK = 8192
"""Rows at a time: a column of them stays near the processor."""

MANY = 200_000
"""Rows from which each step over all of them is worth saving."""


class RankLogit(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Fit log-odds that are linear in each feature's rank, and in its absence.

    Parameters
    ----------
    inverse_penalty : float
        Of the ridge; smaller is plainer.

    Attributes
    ----------
    scores_ : NormalScores
    coef_, absent_coef_ : ndarray of shape (n_features,)
        For the normal score, and for being missing.
    means_, absent_means_ : ndarray of shape (n_features,)
        Over the training rows: a contribution is measured from there.
    base_ : float
        Log-odds at the means.
    curves_ : Curves
        What each value adds to the log-odds.
    """

    columns: ClassVar[slice] = slice(None)

    def __init__(self, *, inverse_penalty: float = 0.003) -> None:
        self.inverse_penalty = inverse_penalty

    def fit(self, X: Floats, y: npt.ArrayLike) -> Self:
        """Fit on ``X`` of shape (n, n_features), NaN where missing, and labels 0, 1."""
        self.scores_ = NormalScores(n_knots=201, tail=0.001).fit(X)
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = n_features = X.shape[1]
        varies = np.isnan(X).any(axis=0)  # the ridge leaves the others at 0
        design = np.empty((len(X), n_features + np.count_nonzero(varies)))
        for rows in _chunks(len(X)):
            design[rows, :n_features] = self.scores_.transform(X[rows])
            design[rows, n_features:] = np.isnan(X[rows][:, varies])
        coef, intercept = self._solve(design, np.asarray(y))
        means = design.mean(axis=0)
        self.coef_, self.means_ = coef[:n_features], means[:n_features]
        self.absent_coef_, self.absent_means_ = np.zeros((2, n_features))
        self.absent_coef_[varies] = coef[n_features:]
        self.absent_means_[varies] = means[n_features:]
        self.base_ = float(
            intercept
            + self.means_ @ self.coef_
            + self.absent_means_ @ self.absent_coef_
        )
        self.curves_ = self._weighed()
        return self

    def contributions(self, X: Floats) -> tuple[Floats, float]:
        """Return what each feature adds to the log-odds, and the base."""
        _, parts, base = self.assess(X)
        return parts, base

    def assess(self, X: Floats) -> tuple[Floats, Floats, float]:
        """Return ``decision_function`` and ``contributions``."""
        parts, sums = np.empty(X.shape), np.empty(len(X))
        for rows in _chunks(len(X)):
            own = self.curves_(X[rows])
            sums[rows] = sum_columns(own)
            parts[rows] = own
        return self.base_ + sums, parts, self.base_

    def decision_function(self, X: Floats) -> Floats:
        """Return the log-odds of class 1, of shape (n,)."""
        sums = np.empty(len(X))
        for rows in _chunks(len(X)):
            sums[rows] = self.curves_.sum(X[rows])
        return np.asarray(self.base_ + sums)

    def predict_proba(self, X: Floats) -> Floats:
        """Return the probabilities of both classes, of shape (n, 2)."""
        p = 1.0 / (1.0 + np.exp(-self.decision_function(X)))
        return np.column_stack([1.0 - p, p])

    def predict(self, X: Floats) -> npt.NDArray[np.int64]:
        """Return the likelier class."""
        return np.asarray(self.classes_[(self.decision_function(X) > 0).astype(int)])

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "inverse_penalty": self.inverse_penalty,
            "scores": self.scores_.to_dict(),
            "coef": self.coef_.tolist(),
            "absent_coef": self.absent_coef_.tolist(),
            "means": self.means_.tolist(),
            "absent_means": self.absent_means_.tolist(),
            "base": self.base_,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RankLogit:
        """Restore what ``to_dict`` gave."""
        model = cls(inverse_penalty=values["inverse_penalty"])
        model.scores_ = NormalScores.from_dict(values["scores"])
        for name in ("coef", "absent_coef", "means", "absent_means"):
            setattr(model, f"{name}_", np.array(values[name], dtype=np.float64))
        model.base_ = float(values["base"])
        model.classes_ = np.array([0, 1])
        model.n_features_in_ = len(model.coef_)
        model.curves_ = model._weighed()
        return model

    def _weighed(self) -> Curves:
        """Return what each value adds to the log-odds."""
        means = self.means_ * self.coef_ + self.absent_means_ * self.absent_coef_
        return self.scores_.curves_.scaled(self.coef_, -means, self.absent_coef_)

    def _solve(self, design: Floats, y: npt.NDArray[Any]) -> tuple[Floats, float]:
        """Return coefficients and intercept; of labels all alike, only the latter."""
        if y.min() == y.max():
            odds = (y.sum() + 0.5) / ((1 - y).sum() + 0.5)
            return np.zeros(design.shape[1]), float(np.log(odds))
        # Rows are many more than columns, for which Newton's few steps are cheap. Of
        # very many rows some bring it near first.
        model = LogisticRegression(
            C=self.inverse_penalty, solver="newton-cholesky", warm_start=True
        )
        sample = slice(None, None, 16)
        if len(y) >= MANY and y[sample].min() != y[sample].max():
            model.fit(design[sample], y[sample])
        fitted = model.fit(design, y)
        return np.asarray(fitted.coef_[0]), float(fitted.intercept_[0])


def _chunks(n: int) -> Iterator[slice]:
    """Yield the rows of each chunk."""
    for start in range(0, n, CHUNK):
        yield slice(start, start + CHUNK)
