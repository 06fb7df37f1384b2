"""Logistic regression on numbers, or their ranks, and on each value of a category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from models.parts.normal_scores import NormalScores

Floats = npt.NDArray[np.float64]

FARTHEST = 10.0
"""Standard deviations from the mean beyond which numbers count alike."""


class CategoryLogit:
    """Fit log-odds that are linear in numbers, in absences and in values.

    Parameters
    ----------
    sizes : sequence of int
        Of each column: 0 for a number, else how many codes its category has.
    ranks : bool
        Whether numbers count by their ranks, or as they are.
    inverse_penalty : float
        Of the ridge; smaller is plainer.

    Attributes
    ----------
    scores_ : NormalScores
        Of the numbers, where they count by their ranks.
    centre_, width_ : ndarray of shape (n_numbers,)
        Mean and standard deviation of the numbers.
    coef_ : ndarray of shape (n_terms,)
    means_ : ndarray of shape (n_terms,)
        Over the training rows: a contribution is measured from there.
    base_ : float
        Log-odds at the means.
    """

    columns: ClassVar[slice] = slice(None)

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        ranks: bool = True,
        inverse_penalty: float = 0.1,
    ) -> None:
        self.sizes = tuple(sizes)
        self.ranks = ranks
        self.inverse_penalty = inverse_penalty
        self._numbers = [at for at, size in enumerate(self.sizes) if not size]
        owners = [at for at in self._numbers for _ in range(2)]
        for at, size in enumerate(self.sizes):
            owners += [at] * (size + 1 if size else 0)
        self._owners = np.array(owners, dtype=np.intp)

    def fit(self, X: Floats, y: Floats) -> Self:
        """Fit on ``X`` of shape (n, n_columns), NaN where missing; labels 0 and 1."""
        self._measure(X[:, self._numbers])
        terms = self._terms(X)
        fitted = LogisticRegression(C=self.inverse_penalty, max_iter=1000)
        fitted.fit(terms, y)
        self.coef_ = np.asarray(fitted.coef_[0])
        self.means_ = terms.mean(axis=0)
        self.base_ = float(fitted.intercept_[0] + (self.means_ * self.coef_).sum())
        return self

    def contributions(self, X: Floats) -> tuple[Floats, float]:
        """Return what each column adds to the log-odds, and the base."""
        weighed = (self._terms(X) - self.means_) * self.coef_
        parts = np.zeros(X.shape)
        for term, owner in enumerate(self._owners):
            parts[:, owner] += weighed[:, term]
        return parts, self.base_

    def assess(self, X: Floats) -> tuple[Floats, Floats, float]:
        """Return ``decision_function`` and ``contributions``."""
        parts, base = self.contributions(X)
        return np.asarray(base + parts.sum(axis=1)), parts, base

    def decision_function(self, X: Floats) -> Floats:
        """Return the log-odds of class 1, of shape (n,)."""
        return self.assess(X)[0]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "sizes": list(self.sizes),
            "ranks": self.ranks,
            "inverse_penalty": self.inverse_penalty,
            "scores": self.scores_.to_dict() if self._has_scores() else None,
            "centre": self.centre_.tolist(),
            "width": self.width_.tolist(),
            "coef": self.coef_.tolist(),
            "means": self.means_.tolist(),
            "base": self.base_,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CategoryLogit:
        """Restore what ``to_dict`` gave."""
        model = cls(
            values["sizes"],
            ranks=values["ranks"],
            inverse_penalty=values["inverse_penalty"],
        )
        if values["scores"] is not None:
            model.scores_ = NormalScores.from_dict(values["scores"])
        for name in ("centre", "width", "coef", "means"):
            setattr(model, f"{name}_", np.array(values[name], dtype=np.float64))
        model.base_ = float(values["base"])
        return model

    def _has_scores(self) -> bool:
        return self.ranks and bool(self._numbers)

    def _measure(self, numbers: Floats) -> None:
        """Learn how the numbers lie."""
        if self._has_scores():
            self.scores_ = NormalScores(n_knots=201, tail=0.001).fit(numbers)
        present = [column[~np.isnan(column)] for column in numbers.T]
        self.centre_ = np.array([c.mean() if len(c) else 0.0 for c in present])
        spread = np.array([c.std() if len(c) else 1.0 for c in present])
        self.width_ = np.where(spread > 0, spread, 1.0)

    def _scale(self, numbers: Floats) -> Floats:
        if self._has_scores():
            return np.asarray(self.scores_.transform(numbers))
        scaled = (np.where(np.isnan(numbers), self.centre_, numbers)) - self.centre_
        return np.asarray(np.clip(scaled / self.width_, -FARTHEST, FARTHEST))

    def _terms(self, X: Floats) -> Floats:
        numbers = X[:, self._numbers]
        scaled, absent = self._scale(numbers), np.isnan(numbers).astype(np.float64)
        columns: list[Floats] = []
        for at in range(len(self._numbers)):
            columns += [scaled[:, at], absent[:, at]]
        for at, size in enumerate(self.sizes):
            codes = np.where(np.isnan(X[:, at]), -1.0, X[:, at])
            levels = range(-1, size) if size else ()
            columns += [(codes == code).astype(np.float64) for code in levels]
        return np.column_stack(columns)
