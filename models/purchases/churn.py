"""Churn: the log-odds of no purchase in the horizon, as a sum that can be explained.

Three models look at a customer: LightGBM, a logistic regression on ranks, and BG/NBD.
Each is wrong in its own way; on real logs their mean beats each of them. The mean is
taken of log-odds, so what a feature contributes to it is the mean of what it
contributes to each.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin

from features.purchases.frame import take_columns
from models.parts.boosting import assess, contributions, fit_booster, raw_score
from models.parts.rank_logit import ScoreLogit

Floats = npt.NDArray[np.float64]

PARTS = ("trees", "ranks", "btyd")
LEAST = 1e-6
"""Probabilities are kept this far from 0 and 1, so that log-odds stay finite."""

RHYTHM = "btyd_p_active"
"""The feature that BG/NBD's part is put down to."""


class ChurnModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Fit the log-odds of churn to features with the columns of ``BuyingModel``.

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
    ranks_ : ScoreLogit
    feature_names_in_ : ndarray of str
        Columns that vary in the training rows.
    rhythm_base_ : float
        Mean log-odds of BG/NBD's part over the training rows.
    weights_ : ndarray of shape (3,)
        Of trees, ranks and btyd; equal until ``blend`` is told otherwise.
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

    def fit(self, X: pd.DataFrame, y: npt.ArrayLike) -> Self:
        """Fit on one row a customer and ``as_of``; ``y`` is 1 for churned."""
        churned = np.asarray(y, dtype=np.float64)
        self.classes_ = np.array([0, 1])
        self.feature_names_in_ = varying_columns(X)
        self.n_features_in_ = len(self.feature_names_in_)
        matrix = self._matrix(X)
        with ThreadPoolExecutor(max_workers=1) as beside:
            ranks = beside.submit(ScoreLogit().fit, matrix, churned)
            self.booster_ = fit_booster(
                matrix,
                churned,
                names=list(self.feature_names_in_),
                objective={"objective": "binary"},
                parameters=self.parameters or {},
                n_rounds=self.n_rounds,
                random_state=self.random_state,
            )
            self.ranks_ = ranks.result()
        self.rhythm_base_ = float(_rhythm_log_odds(X).mean())
        self.blend(np.full(len(PARTS), 1.0 / len(PARTS)))
        return self

    def blend(self, weights: npt.ArrayLike) -> Self:
        """Weigh trees, ranks and btyd; the weights sum to 1."""
        self.weights_ = np.asarray(weights, dtype=np.float64)
        return self

    @property
    def blend_(self) -> dict[str, float]:
        """Return the weight of each part."""
        return dict(zip(PARTS, self.weights_.tolist(), strict=True))

    def parts(self, X: pd.DataFrame) -> Floats:
        """Return the log-odds of churn of each part, of shape (n, 3)."""
        matrix = self._matrix(X)
        trees = raw_score(self.booster_, matrix)
        return self._parts(X, trees, self.ranks_.decision_function(matrix))

    def decision_function(self, X: pd.DataFrame) -> Floats:
        """Return the blended log-odds of churn, of shape (n,)."""
        return self._blended(self.parts(X))

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        """Return the probabilities of staying and of churn, of shape (n, 2)."""
        p = expit(self.decision_function(X))
        return np.column_stack([1.0 - p, p])

    def predict(self, X: pd.DataFrame) -> npt.NDArray[np.int64]:
        """Return 1 where churn is likelier than not."""
        return np.asarray((self.decision_function(X) > 0).astype(np.int64))

    def contributions(self, X: pd.DataFrame) -> tuple[Floats, float]:
        """Return what each feature adds to the log-odds of churn, and the base.

        Returns
        -------
        ndarray of shape (n, n_features), float
            Base and row sum make ``decision_function``.
        """
        matrix = self._matrix(X)
        trees, ranks = contributions(self.booster_, matrix), self.ranks_
        return self._contributions(X, trees, ranks.contributions(matrix))

    def assess(self, X: pd.DataFrame) -> tuple[Floats, Floats, float]:
        """Return ``decision_function`` and ``contributions``, each rank taken once."""
        matrix = self._matrix(X)
        score, trees, tree_base = assess(self.booster_, matrix)
        of_ranks, ranks, base = self.ranks_.assess(matrix)
        blended = self._blended(self._parts(X, score, of_ranks))
        return blended, *self._contributions(X, (trees, tree_base), (ranks, base))

    def _parts(self, X: pd.DataFrame, of_trees: Floats, of_ranks: Floats) -> Floats:
        return np.column_stack([of_trees, of_ranks, _rhythm_log_odds(X)])

    def _blended(self, parts: Floats) -> Floats:
        weighed = parts * self.weights_  # not BLAS: a row alone is the same
        return np.asarray(weighed.sum(axis=1))

    def _contributions(
        self,
        X: pd.DataFrame,
        by_tree: tuple[Floats, float],
        by_rank: tuple[Floats, float],
    ) -> tuple[Floats, float]:
        """Blend contributions, in the memory of those by the trees."""
        total, tree_base = by_tree
        ranks, rank_base = by_rank
        of_trees, of_ranks, of_btyd = self.weights_
        total *= of_trees
        ranks *= of_ranks
        total += ranks
        rhythm = list(self.feature_names_in_).index(RHYTHM)
        total[:, rhythm] += of_btyd * (_rhythm_log_odds(X) - self.rhythm_base_)
        base = of_trees * tree_base + of_ranks * rank_base + of_btyd * self.rhythm_base_
        return total, float(base)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; the booster is kept beside them as its own text."""
        return {
            "n_rounds": self.n_rounds,
            "parameters": self.parameters,
            "random_state": self.random_state,
            "features": list(self.feature_names_in_),
            "weights": self.weights_.tolist(),
            "ranks": self.ranks_.to_dict(),
            "rhythm_base": self.rhythm_base_,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], booster: Any) -> ChurnModel:
        """Restore what ``to_dict`` gave, with its booster."""
        model = cls(
            n_rounds=values["n_rounds"],
            parameters=values["parameters"],
            random_state=values["random_state"],
        )
        model.booster_ = booster
        model.feature_names_in_ = np.array(values["features"], dtype=object)
        model.n_features_in_ = len(model.feature_names_in_)
        model.classes_ = np.array([0, 1])
        model.ranks_ = ScoreLogit.from_dict(values["ranks"])
        model.rhythm_base_ = float(values["rhythm_base"])
        return model.blend(values["weights"])

    def _matrix(self, X: pd.DataFrame) -> Floats:
        return take_columns(X, self.feature_names_in_)


def varying_columns(X: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Return the columns with more than one value, BG/NBD's always among them."""
    matrix = X.to_numpy(dtype=np.float64)
    spread = np.fmax.reduce(matrix, axis=0) > np.fmin.reduce(matrix, axis=0)
    kept = [
        name for name, varies in zip(X, spread, strict=True) if varies or name == RHYTHM
    ]
    return np.array(kept, dtype=object)


def _rhythm_log_odds(X: pd.DataFrame) -> Floats:
    p = X[RHYTHM].to_numpy(dtype=np.float64)
    return np.asarray(-logit(np.clip(p, LEAST, 1.0 - LEAST)))
