"""Churn from numbers and categories: LightGBM and two logistic regressions, blended.

The mean is taken of log-odds, so what a column contributes to it is the mean of what
it contributes to each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd

from models.parts.boosting import FIXED
from models.parts.category_logit import MixedLogit

Floats = npt.NDArray[np.float64]

PLAIN: dict[str, Any] = {
    "num_leaves": 5,
    "learning_rate": 0.05,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "min_data_in_leaf": 40,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "cat_smooth": 20.0,
    "cat_l2": 20.0,
    "max_cat_threshold": 16,
    "n_rounds": 200,
}
DEEPER: dict[str, Any] = {**PLAIN, "num_leaves": 15, "n_rounds": 250}
"""Two tables in three are served as well by the plain trees as by any others; where
attributes work together, the deeper ones are better."""

PARTS = ("trees", "ranks", "logistic")
BLENDS = (
    (0.5, 0.25, 0.25),
    (0.8, 0.1, 0.1),
    (1.0, 0.0, 0.0),
    (0.25, 0.375, 0.375),
    (0.0, 0.5, 0.5),
)
LOGISTIC = (0.0, 0.0, 1.0)
"""The simple method alone."""


class MixedChurn:
    """Fit the log-odds of churn to a table of numbers and of codes.

    Parameters
    ----------
    sizes : mapping of str to int
        The columns, and of a category how many codes it has; 0 for a number.
    parameters : dict or None
        LightGBM's and ``n_rounds``, where they differ from ``PLAIN``.
    random_state : int

    Attributes
    ----------
    booster_ : lightgbm.Booster
        Its features are called ``f0``, ``f1`` and so on: names of columns may hold
        what LightGBM's text cannot.
    ranks_, logistic_ : MixedLogit
        By the ranks of numbers, and by the numbers.
    weights_ : ndarray of shape (3,)
        Of the parts.
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        *,
        parameters: Mapping[str, Any] | None = None,
        random_state: int = 0,
    ) -> None:
        self.sizes = dict(sizes)
        self.parameters = {**PLAIN, **(parameters or {})}
        self.random_state = random_state
        self.feature_names_in_ = np.array(list(sizes), dtype=object)
        self.blend(BLENDS[0])

    def fit(self, X: pd.DataFrame, y: npt.ArrayLike) -> Self:
        """Fit on one row a customer; ``y`` is 1 for churned."""
        matrix, churned = self._matrix(X), np.asarray(y, dtype=np.float64)
        settings = {**self.parameters, **FIXED, "objective": "binary"}
        n_rounds = int(settings.pop("n_rounds"))
        leaf = min(int(settings["min_data_in_leaf"]), max(5, len(matrix) // 50))
        data = lgb.Dataset(
            matrix,
            churned,
            feature_name=[f"f{at}" for at in range(matrix.shape[1])],
            categorical_feature=[at for at, n in enumerate(self.sizes.values()) if n],
        )
        settings |= {"min_data_in_leaf": leaf, "seed": self.random_state}
        self.booster_ = lgb.train(settings, data, n_rounds)
        sizes = tuple(self.sizes.values())
        self.ranks_ = MixedLogit(sizes).fit(matrix, churned)
        logistic = MixedLogit(sizes, ranks=False, inverse_penalty=1.0)
        self.logistic_ = logistic.fit(matrix, churned)
        return self

    def blend(self, weights: npt.ArrayLike) -> Self:
        """Weigh the parts; the weights sum to 1."""
        self.weights_ = np.asarray(weights, dtype=np.float64)
        return self

    @property
    def blend_(self) -> dict[str, float]:
        """Return the weight of each part."""
        return dict(zip(PARTS, self.weights_.tolist(), strict=True))

    def parts(self, X: pd.DataFrame) -> Floats:
        """Return the log-odds of each part, of shape (n, 3)."""
        matrix = self._matrix(X)
        return np.column_stack(
            [
                np.asarray(self.booster_.predict(matrix, raw_score=True)),
                self.ranks_.decision_function(matrix),
                self.logistic_.decision_function(matrix),
            ]
        )

    def decision_function(self, X: pd.DataFrame) -> Floats:
        """Return the blended log-odds of churn, of shape (n,)."""
        weighed = self.parts(X) * self.weights_  # not BLAS: a row alone is the same
        return np.asarray(weighed.sum(axis=1))

    def contributions(self, X: pd.DataFrame) -> tuple[Floats, float]:
        """Return what each column adds to the log-odds of churn, and the base."""
        matrix = self._matrix(X)
        both = np.asarray(self.booster_.predict(matrix, pred_contrib=True))
        found = [(both[:, :-1], float(both[0, -1]) if len(both) else 0.0)]
        found += [part.contributions(matrix) for part in (self.ranks_, self.logistic_)]
        total = np.zeros(matrix.shape)
        base = 0.0
        for weight, (parts, start) in zip(self.weights_.tolist(), found, strict=True):
            total += weight * parts
            base += weight * start
        return total, base

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; the booster is kept beside them as its own text."""
        return {
            "sizes": self.sizes,
            "columns": list(self.sizes),
            "parameters": self.parameters,
            "random_state": self.random_state,
            "weights": self.weights_.tolist(),
            "ranks": self.ranks_.to_dict(),
            "logistic": self.logistic_.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], booster: Any) -> MixedChurn:
        """Restore what ``to_dict`` gave, with its booster."""
        model = cls(
            {name: int(values["sizes"][name]) for name in values["columns"]},
            parameters=values["parameters"],
            random_state=values["random_state"],
        )
        model.booster_ = booster
        model.ranks_ = MixedLogit.from_dict(values["ranks"])
        model.logistic_ = MixedLogit.from_dict(values["logistic"])
        return model.blend(values["weights"])

    def _matrix(self, X: pd.DataFrame) -> Floats:
        return X[list(self.sizes)].to_numpy(dtype=np.float64)
