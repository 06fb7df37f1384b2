"""Churn: the log-odds of no purchase in the horizon, as a sum that can be explained.

Three models look at a customer: LightGBM, a logistic regression on ranks, and BG/NBD.
Each is wrong in its own way; on real logs their mean beats each of them. The mean is
taken of log-odds, so what a feature contributes to it is the mean of what it
contributes to each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit
from sklearn.base import ClassifierMixin

from models.parts.blend import Btyd, BuyerBlend, Part, Trees
from models.parts.boosting import fit_booster
from models.parts.rank_logit import RankLogit

Floats = npt.NDArray[np.float64]

PARTS = ("trees", "ranks", "btyd")
LEAST = 1e-6
"""Probabilities are kept this far from 0 and 1, so that log-odds stay finite."""

RHYTHM = "btyd_p_active"
"""The feature that BG/NBD's part is put down to."""


class ChurnModel(ClassifierMixin, BuyerBlend):  # type: ignore[misc]  # scikit-learn has no types
    """Fit the log-odds of churn to features with the columns of ``BuyingModel``.

    Its parameters are those of ``BuyerBlend``.

    Attributes
    ----------
    ranks_ : RankLogit
    feature_names_in_ : ndarray of str
        Columns that vary in the training rows.
    rhythm_base_ : float
        Mean log-odds of BG/NBD's part over the training rows.
    weights_ : ndarray of shape (3,)
        Of trees, ranks and btyd; equal until ``blend`` changes them.
    """

    part_names = PARTS

    def fit(self, X: pd.DataFrame, y: npt.ArrayLike) -> Self:
        """Fit on one row a customer and ``as_of``; ``y`` is 1 for churned."""
        churned = np.asarray(y, dtype=np.float64)
        self.classes_ = np.array([0, 1])
        self._see(varying_columns(X))
        matrix = self._matrix(X)
        with ThreadPoolExecutor(max_workers=1) as beside:
            ranks = beside.submit(RankLogit().fit, matrix, churned)
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
        rhythm = X[RHYTHM].to_numpy(dtype=np.float64)
        self.rhythm_base_ = float(_log_odds_of_churn(rhythm).mean())
        return self.blend(np.full(len(PARTS), 1.0 / len(PARTS)))

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        """Return the probabilities of staying and of churn, of shape (n, 2)."""
        p = expit(self.decision_function(X))
        return np.column_stack([1.0 - p, p])

    def predict(self, X: pd.DataFrame) -> npt.NDArray[np.int64]:
        """Return 1 where churn is likelier than not."""
        return np.asarray((self.decision_function(X) > 0).astype(np.int64))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; the booster is kept beside them as its own text."""
        ranks = self.ranks_.to_dict()
        return super().to_dict() | {"ranks": ranks, "rhythm_base": self.rhythm_base_}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], booster: Any) -> Self:
        """Restore what ``to_dict`` gave, with its booster."""
        model: Self = super().from_dict(values, booster)
        model.classes_ = np.array([0, 1])
        model.ranks_ = RankLogit.from_dict(values["ranks"])
        model.rhythm_base_ = float(values["rhythm_base"])
        return model

    def _list_parts(self) -> Sequence[Part]:
        btyd = Btyd(self._place(RHYTHM), self.rhythm_base_, _log_odds_of_churn)
        return Trees(self.booster_), self.ranks_, btyd


def varying_columns(X: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Return the columns with more than one value, BG/NBD's always among them."""
    matrix = X.to_numpy(dtype=np.float64)
    spread = np.fmax.reduce(matrix, axis=0) > np.fmin.reduce(matrix, axis=0)
    names = [
        name for name, varies in zip(X, spread, strict=True) if varies or name == RHYTHM
    ]
    return np.array(names, dtype=object)


def _log_odds_of_churn(p_active: Floats) -> Floats:
    return np.asarray(-logit(np.clip(p_active, LEAST, 1.0 - LEAST)))
