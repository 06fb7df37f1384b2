"""Blends: a weighted mean of scores, each a sum over columns, so that it is one too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator

from features.purchases.frame import take_columns
from models.parts.boosting import assess, raw_score

Floats = npt.NDArray[np.float64]


class Part(Protocol):
    """One part of a blend, over the columns of the blend."""

    @property
    def columns(self) -> int | slice:
        """Which columns it adds something for."""

    def decision_function(self, X: Floats) -> Floats:
        """Return its score, of shape (n,)."""

    def assess(self, X: Floats) -> tuple[Floats, Floats, float]:
        """Return its score, what its columns add to it, and the base."""


@dataclass(frozen=True, slots=True)
class Trees:
    """A booster, and what is added to its score."""

    booster: lgb.Booster
    offset: float = 0.0
    columns: ClassVar[slice] = slice(None)

    def decision_function(self, X: Floats) -> Floats:
        """Return the sum of the trees, of shape (n,)."""
        return raw_score(self.booster, X) + self.offset

    def assess(self, X: Floats) -> tuple[Floats, Floats, float]:
        """Return the score, exact TreeSHAP values, and the base."""
        score, parts, base = assess(self.booster, X)
        return score + self.offset, parts, base + self.offset


@dataclass(frozen=True, slots=True)
class Btyd:
    """What BG/NBD says in one column, on the scale of the blend.

    Parameters
    ----------
    columns : int
        The place of the column.
    base : float
        The mean over the training rows: a contribution is measured from there.
    link : callable
        From the column to the scale of the blend.
    """

    columns: int
    base: float
    link: Callable[[Floats], Floats]

    def decision_function(self, X: Floats) -> Floats:
        """Return the column on the scale of the blend, of shape (n,)."""
        return self.link(X[:, self.columns])

    def assess(self, X: Floats) -> tuple[Floats, Floats, float]:
        """Return the score, how far it is from the base, and the base."""
        score = self.decision_function(X)
        return score, score - self.base, self.base


class Blend:
    """A weighted mean of parts.

    Attributes
    ----------
    feature_names_in_ : ndarray of str
    weights_ : ndarray of shape (n_parts,)
        Of the parts; they sum to 1.
    """

    part_names: ClassVar[tuple[str, ...]]
    feature_names_in_: npt.NDArray[np.object_]
    weights_: Floats

    def _list_parts(self) -> Sequence[Part]:
        """Return the fitted parts; the first adds something for every column."""
        raise NotImplementedError

    def blend(self, weights: npt.ArrayLike) -> Self:
        """Weigh the parts; the weights sum to 1."""
        self.weights_ = np.asarray(weights, dtype=np.float64)
        return self

    @property
    def blend_(self) -> dict[str, float]:
        """Return the weight of each part."""
        return dict(zip(self.part_names, self.weights_.tolist(), strict=True))

    def parts(self, X: pd.DataFrame) -> Floats:
        """Return the score of each part, of shape (n, n_parts)."""
        matrix = self._matrix(X)
        scores = [part.decision_function(matrix) for part in self._list_parts()]
        return np.column_stack(scores)

    def decision_function(self, X: pd.DataFrame) -> Floats:
        """Return the blended score, of shape (n,)."""
        return self._weigh(self.parts(X))

    def contributions(self, X: pd.DataFrame) -> tuple[Floats, float]:
        """Return what each column adds to the score, and the base.

        Returns
        -------
        ndarray of shape (n, n_features), float
            Base and row sum make ``decision_function``.
        """
        _, parts, base = self.assess(X)
        return parts, base

    def assess(self, X: pd.DataFrame) -> tuple[Floats, Floats, float]:
        """Return ``decision_function`` and ``contributions``: shared work is done once.

        Contributions are added up in the memory of the first part's.
        """
        matrix, weights = self._matrix(X), self.weights_.tolist()
        first, *others = self._list_parts()
        score, total, base = first.assess(matrix)
        scores, blended_base = [score], weights[0] * base
        total *= weights[0]
        for part, weight in zip(others, weights[1:], strict=True):
            score, added, base = part.assess(matrix)
            scores.append(score)
            added *= weight
            total[:, part.columns] += added
            blended_base += weight * base
        return self._weigh(np.column_stack(scores)), total, float(blended_base)

    def _weigh(self, scores: Floats) -> Floats:
        weighed = scores * self.weights_  # not BLAS: a row alone is the same
        return np.asarray(weighed.sum(axis=1))

    def _matrix(self, X: pd.DataFrame) -> Floats:
        return take_columns(X, self.feature_names_in_)


class BuyerBlend(Blend, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A blend of trees and of what BG/NBD says, for customers who buy.

    Parameters
    ----------
    n_rounds : int
        Trees of the booster.
    parameters : dict or None
        LightGBM's, where they differ from ``models.parts.boosting.PARAMETERS``.
    random_state : int

    Attributes
    ----------
    booster_ : lightgbm.Booster
    """

    def __init__(
        self,
        *,
        n_rounds: int = 200,
        parameters: dict[str, Any] | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_rounds = n_rounds
        self.parameters = parameters
        self.random_state = random_state

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; the booster is kept beside them as its own text."""
        return {
            "n_rounds": self.n_rounds,
            "parameters": self.parameters,
            "random_state": self.random_state,
            "features": list(self.feature_names_in_),
            "weights": self.weights_.tolist(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], booster: Any) -> Self:
        """Restore what ``to_dict`` gave, with its booster."""
        model = cls(
            n_rounds=values["n_rounds"],
            parameters=values["parameters"],
            random_state=values["random_state"],
        )
        model.booster_ = booster
        model._see(np.array(values["features"], dtype=object))
        return model.blend(values["weights"])

    def _see(self, names: npt.NDArray[np.object_]) -> None:
        """Take these columns."""
        self.feature_names_in_ = names
        self.n_features_in_ = len(names)

    def _place(self, name: str) -> int:
        return list(self.feature_names_in_).index(name)
