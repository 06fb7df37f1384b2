"""What one line of SQL gives, and BG/NBD: scores that stand in for a model.

Each is a sum over the features that it reads, so it is calibrated, explained and served
as a model is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import logit
from sklearn.base import BaseEstimator

from features.types import Floats
from models.purchases.churn import MIN_PROBABILITY, RHYTHM
from models.purchases.value import BTYD_VALUE

BTYD, RECENCY, RFM = "btyd", "recency", "rfm"
METHODS = (BTYD, RECENCY, RFM)
"""BG/NBD (with Gamma-Gamma for value); the last order (past spend for value); RFM."""

WORDS: Mapping[str, Mapping[str, str]] = {
    "churn": {
        BTYD: "BG/NBD",
        RECENCY: "days since the last order",
        RFM: "RFM score",
    },
    "value": {
        BTYD: "BG/NBD with Gamma-Gamma",
        RECENCY: "past spend",
        RFM: "RFM score",
    },
}

BANDED = ("days_since_last_order", "n_orders", "gross_spend")
SIGNS = (-1.0, 1.0, 1.0)
BANDS = 5
UNREACHED = float(np.finfo(np.float64).max)
"""The cut of a band that nobody is in."""

READS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("churn", BTYD): (RHYTHM,),
    ("churn", RECENCY): ("days_since_last_order",),
    ("churn", RFM): BANDED,
    ("value", BTYD): (BTYD_VALUE,),
    ("value", RECENCY): ("gross_spend",),
    ("value", RFM): BANDED,
}
"""Target and method to the columns that are read."""


class SimpleScore(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Score customers by a simple method.

    Parameters
    ----------
    method : str
        One of ``METHODS``.
    target : str
        ``churn``, where the score is one of log-odds, or ``value``, of a logarithm.

    Attributes
    ----------
    feature_names_in_ : ndarray of str
    cuts_ : ndarray of shape (3, 4)
        Of RFM: where the upper four fifths of the customers begin.
    unit_ : float
        A thousandth of the mean amount; less counts as that.
    means_ : ndarray of shape (n_features,)
        Over the customers of the fit: a contribution is measured from there.
    """

    def __init__(self, *, method: str = BTYD, target: str = "churn") -> None:
        self.method = method
        self.target = target

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Learn what is much and little among the customers that are served."""
        self.feature_names_in_ = np.array(READS[self.target, self.method], dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        matrix = self._matrix(X)
        self.unit_ = max(1e-3 * float(matrix[:, -1].mean()), 1e-9)
        self.cuts_ = np.empty((0, BANDS - 1))
        if self.method == RFM:
            columns = zip(matrix.T, SIGNS, strict=True)
            self.cuts_ = np.array([_find_cuts(sign * v) for v, sign in columns])
        self.means_ = self._terms(matrix).mean(axis=0)
        return self

    @property
    def blend_(self) -> dict[str, float]:
        """Return what the score is made of."""
        return {self.method: 1.0}

    def decision_function(self, X: pd.DataFrame) -> Floats:
        """Return the score, of shape (n,)."""
        return np.asarray(self._terms(self._matrix(X)).sum(axis=1))

    def predict_log(self, X: pd.DataFrame) -> Floats:
        """Return the score of value, of shape (n,): a logarithm of spend."""
        return self.decision_function(X)

    def contributions(self, X: pd.DataFrame) -> tuple[Floats, float]:
        """Return what each feature adds to the score, and the base.

        Returns
        -------
        ndarray of shape (n, n_features), float
            Base and row sum make ``decision_function``.
        """
        terms = self._terms(self._matrix(X))
        return terms - self.means_, float(self.means_.sum())

    def assess(self, X: pd.DataFrame) -> tuple[Floats, Floats, float]:
        """Return ``decision_function`` and ``contributions``."""
        return self.decision_function(X), *self.contributions(X)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "method": self.method,
            "target": self.target,
            "cuts": self.cuts_.tolist(),
            "unit": self.unit_,
            "means": self.means_.tolist(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SimpleScore:
        """Restore what ``to_dict`` gave."""
        model = cls(method=values["method"], target=values["target"])
        names = READS[model.target, model.method]
        model.feature_names_in_ = np.array(names, dtype=object)
        model.n_features_in_ = len(names)
        model.cuts_ = np.array(values["cuts"], dtype=np.float64)
        model.unit_ = float(values["unit"])
        model.means_ = np.array(values["means"], dtype=np.float64)
        return model

    def _terms(self, matrix: Floats) -> Floats:
        """Return what each column gives, of shape (n, n_features)."""
        if self.method == RFM:
            turned = matrix * SIGNS
            bands = [
                np.searchsorted(cuts, values, side="right") / BANDS
                for cuts, values in zip(self.cuts_, turned.T, strict=True)
            ]
            sign = -1.0 if self.target == "churn" else 1.0
            return sign * np.column_stack(bands)
        return TERMS[self.target, self.method](matrix, self.unit_)

    def _matrix(self, X: pd.DataFrame) -> Floats:
        return X[list(self.feature_names_in_)].to_numpy(dtype=np.float64)


def _log_amount(matrix: Floats, unit: float) -> Floats:
    return np.asarray(np.log(np.maximum(matrix, unit)))


TERMS: Mapping[tuple[str, str], Callable[[Floats, float], Floats]] = {
    ("churn", BTYD): lambda m, _: np.asarray(
        -logit(np.clip(m, MIN_PROBABILITY, 1.0 - MIN_PROBABILITY))
    ),
    ("churn", RECENCY): lambda m, _: np.log1p(np.maximum(m, 0.0)),
    ("value", BTYD): _log_amount,
    ("value", RECENCY): _log_amount,
}


def _find_cuts(values: Floats) -> Floats:
    """Return the least value of each band above the first, equals in one band.

    Bands are those of the mean rank: a value's share of the customers at or below it,
    its own equals counted half.
    """
    levels, counts = np.unique(values, return_counts=True)
    share = (np.cumsum(counts) - counts + (counts + 1) / 2.0) / len(values)
    band = np.ceil(BANDS * share)
    above = (levels[band > edge] for edge in range(1, BANDS))
    return np.array([part[0] if len(part) else UNREACHED for part in above])
