"""Churn from numbers and categories: LightGBM and two logistic regressions, blended.

The mean is taken of log-odds, so what a column contributes to it is the mean of what
it contributes to each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd

from models.parts.blend import Blend, Part, Trees
from models.parts.boosting import train_booster
from models.parts.category_logit import CategoryLogit

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


class RecurringChurn(Blend):
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
    ranks_, logistic_ : CategoryLogit
        By the ranks of numbers, and by the numbers.
    weights_ : ndarray of shape (3,)
        Of the parts.
    """

    part_names = PARTS

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
        sizes = tuple(self.sizes.values())
        parameters = {k: v for k, v in self.parameters.items() if k != "n_rounds"}
        self.booster_ = train_booster(
            lgb.Dataset(
                matrix,
                churned,
                feature_name=[f"f{place}" for place in range(matrix.shape[1])],
                categorical_feature=[place for place, n in enumerate(sizes) if n],
            ),
            {**parameters, "objective": "binary"},
            n_rows=len(matrix),
            n_rounds=int(self.parameters["n_rounds"]),
            random_state=self.random_state,
        )
        self.ranks_ = CategoryLogit(sizes).fit(matrix, churned)
        logistic = CategoryLogit(sizes, ranks=False, inverse_penalty=1.0)
        self.logistic_ = logistic.fit(matrix, churned)
        return self

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
    def from_dict(cls, values: Mapping[str, Any], booster: Any) -> RecurringChurn:
        """Restore what ``to_dict`` gave, with its booster."""
        model = cls(
            {name: int(values["sizes"][name]) for name in values["columns"]},
            parameters=values["parameters"],
            random_state=values["random_state"],
        )
        model.booster_ = booster
        model.ranks_ = CategoryLogit.from_dict(values["ranks"])
        model.logistic_ = CategoryLogit.from_dict(values["logistic"])
        return model.blend(values["weights"])

    def _list_parts(self) -> Sequence[Part]:
        return Trees(self.booster_), self.ranks_, self.logistic_
