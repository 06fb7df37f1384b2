"""Value: net spend in the horizon, as a product that can be explained.

A booster with Tweedie loss takes the zeros and the long tail in one; BG/NBD with
Gamma-Gamma is the steadier of the two. They are blended by a weighted geometric mean,
so on the scale of logarithms a prediction is a sum over features.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin

from features.purchases.frame import take_columns
from models.parts.boosting import assess, contributions, fit_booster, raw_score
from models.purchases.churn import varying_columns

Floats = npt.NDArray[np.float64]

PARTS = ("trees", "btyd")

BTYD_VALUE = "btyd_expected_value"
"""The feature that the part of BG/NBD with Gamma-Gamma is put down to."""

LEAST_SHARE = 1e-3
"""No prediction is taken below this share of the mean."""

TWEEDIE = {"objective": "tweedie", "tweedie_variance_power": 1.5}


class ValueModel(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Fit the logarithm of expected spend.

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
    unit_ : float
        Mean spend of the training rows: what the booster counts in.
    btyd_base_ : float
        Mean logarithm of the BTYD part over the training rows.
    weights_ : ndarray of shape (2,)
        Of trees and btyd.
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
        """Fit on one row a customer and ``as_of``; ``y`` is net spend, 0 at least."""
        spend = np.maximum(np.asarray(y, dtype=np.float64), 0.0)
        if not spend.any():
            spend = np.full_like(spend, LEAST_SHARE)  # LightGBM wants a total above 0
        self.unit_ = float(spend.mean())
        self.feature_names_in_ = varying_columns(X)
        if BTYD_VALUE not in self.feature_names_in_:
            self.feature_names_in_ = np.append(self.feature_names_in_, BTYD_VALUE)
        self.n_features_in_ = len(self.feature_names_in_)
        self.booster_ = fit_booster(
            self._matrix(X),
            spend / self.unit_,
            names=list(self.feature_names_in_),
            objective=TWEEDIE,
            parameters=self.parameters or {},
            n_rounds=self.n_rounds,
            random_state=self.random_state,
        )
        self.btyd_base_ = float(self._btyd_log(X).mean())
        return self.blend([0.8, 0.2])

    def blend(self, weights: npt.ArrayLike) -> Self:
        """Weigh trees and btyd; the weights sum to 1."""
        self.weights_ = np.asarray(weights, dtype=np.float64)
        return self

    @property
    def blend_(self) -> dict[str, float]:
        """Return the weight of each part."""
        return dict(zip(PARTS, self.weights_.tolist(), strict=True))

    def parts(self, X: pd.DataFrame) -> Floats:
        """Return the logarithm of spend by each part, of shape (n, 2)."""
        return self._parts(X, raw_score(self.booster_, self._matrix(X)))

    def predict_log(self, X: pd.DataFrame) -> Floats:
        """Return the blended logarithm of expected spend, of shape (n,)."""
        return self._blended(X, raw_score(self.booster_, self._matrix(X)))

    def predict(self, X: pd.DataFrame) -> Floats:
        """Return expected spend, of shape (n,), in the unit of ``y``."""
        return np.asarray(np.exp(self.predict_log(X)))

    def contributions(self, X: pd.DataFrame) -> tuple[Floats, float]:
        """Return what each feature adds to the logarithm, and the base.

        Returns
        -------
        ndarray of shape (n, n_features), float
            Base and row sum make ``predict_log``.
        """
        return self._contributions(X, *contributions(self.booster_, self._matrix(X)))

    def assess(self, X: pd.DataFrame) -> tuple[Floats, Floats, float]:
        """Return ``predict_log`` and ``contributions``."""
        score, trees, base = assess(self.booster_, self._matrix(X))
        return self._blended(X, score), *self._contributions(X, trees, base)

    def _blended(self, X: pd.DataFrame, trees: Floats) -> Floats:
        weighed = self._parts(X, trees) * self.weights_  # not BLAS: alone is the same
        return np.asarray(weighed.sum(axis=1))

    def _parts(self, X: pd.DataFrame, trees: Floats) -> Floats:
        return np.column_stack([trees + np.log(self.unit_), self._btyd_log(X)])

    def _contributions(
        self, X: pd.DataFrame, total: Floats, tree_base: float
    ) -> tuple[Floats, float]:
        """Blend contributions, in the memory of those by the trees."""
        of_trees, of_btyd = self.weights_
        total *= of_trees
        place = list(self.feature_names_in_).index(BTYD_VALUE)
        total[:, place] += of_btyd * (self._btyd_log(X) - self.btyd_base_)
        base = of_trees * (tree_base + np.log(self.unit_)) + of_btyd * self.btyd_base_
        return total, float(base)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; the booster is kept beside them as its own text."""
        return {
            "n_rounds": self.n_rounds,
            "parameters": self.parameters,
            "random_state": self.random_state,
            "features": list(self.feature_names_in_),
            "weights": self.weights_.tolist(),
            "unit": self.unit_,
            "btyd_base": self.btyd_base_,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], booster: Any) -> ValueModel:
        """Restore what ``to_dict`` gave, with its booster."""
        model = cls(
            n_rounds=values["n_rounds"],
            parameters=values["parameters"],
            random_state=values["random_state"],
        )
        model.booster_ = booster
        model.feature_names_in_ = np.array(values["features"], dtype=object)
        model.n_features_in_ = len(model.feature_names_in_)
        model.unit_ = float(values["unit"])
        model.btyd_base_ = float(values["btyd_base"])
        return model.blend(values["weights"])

    def _matrix(self, X: pd.DataFrame) -> Floats:
        return take_columns(X, self.feature_names_in_)

    def _btyd_log(self, X: pd.DataFrame) -> Floats:
        value = X[BTYD_VALUE].to_numpy(dtype=np.float64)
        return np.asarray(np.log(np.maximum(value, LEAST_SHARE * self.unit_)))
