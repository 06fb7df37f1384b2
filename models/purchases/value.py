"""Value: net spend in the horizon, as a product that can be explained.

A booster with Tweedie loss takes the zeros and the long tail in one; BG/NBD with
Gamma-Gamma is the steadier of the two. They are blended by a weighted geometric mean,
so on the scale of logarithms a prediction is a sum over features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import RegressorMixin

from models.parts.blend import Btyd, BuyerBlend, Part, Trees
from models.parts.boosting import fit_booster
from models.purchases.churn import varying_columns

Floats = npt.NDArray[np.float64]

PARTS = ("trees", "btyd")

BTYD_VALUE = "btyd_expected_value"
"""The feature that the part of BG/NBD with Gamma-Gamma is put down to."""

LEAST_SHARE = 1e-3
"""No prediction is taken below this share of the mean."""

TWEEDIE = {"objective": "tweedie", "tweedie_variance_power": 1.5}


class ValueModel(RegressorMixin, BuyerBlend):  # type: ignore[misc]  # scikit-learn has no types
    """Fit the logarithm of expected spend.

    Its parameters are those of ``BuyerBlend``.

    Attributes
    ----------
    unit_ : float
        Mean spend of the training rows: what the booster counts in.
    btyd_base_ : float
        Mean logarithm of the BTYD part over the training rows.
    weights_ : ndarray of shape (2,)
        Of trees and btyd.
    """

    part_names = PARTS

    def fit(self, X: pd.DataFrame, y: npt.ArrayLike) -> Self:
        """Fit on one row a customer and ``as_of``; ``y`` is net spend, 0 at least."""
        spend = np.maximum(np.asarray(y, dtype=np.float64), 0.0)
        if not spend.any():
            spend = np.full_like(spend, LEAST_SHARE)  # LightGBM wants a total above 0
        self.unit_ = float(spend.mean())
        names = varying_columns(X)
        self._see(names if BTYD_VALUE in names else np.append(names, BTYD_VALUE))
        self.booster_ = fit_booster(
            self._matrix(X),
            spend / self.unit_,
            names=list(self.feature_names_in_),
            objective=TWEEDIE,
            parameters=self.parameters or {},
            n_rounds=self.n_rounds,
            random_state=self.random_state,
        )
        btyd = X[BTYD_VALUE].to_numpy(dtype=np.float64)
        self.btyd_base_ = float(self._log_value(btyd).mean())
        return self.blend([0.8, 0.2])

    def predict_log(self, X: pd.DataFrame) -> Floats:
        """Return the blended logarithm of expected spend, of shape (n,)."""
        return self.decision_function(X)

    def predict(self, X: pd.DataFrame) -> Floats:
        """Return expected spend, of shape (n,), in the unit of ``y``."""
        return np.asarray(np.exp(self.predict_log(X)))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; the booster is kept beside them as its own text."""
        return super().to_dict() | {"unit": self.unit_, "btyd_base": self.btyd_base_}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], booster: Any) -> Self:
        """Restore what ``to_dict`` gave, with its booster."""
        model: Self = super().from_dict(values, booster)
        model.unit_ = float(values["unit"])
        model.btyd_base_ = float(values["btyd_base"])
        return model

    def _list_parts(self) -> Sequence[Part]:
        trees = Trees(self.booster_, offset=float(np.log(self.unit_)))
        return trees, Btyd(self._place(BTYD_VALUE), self.btyd_base_, self._log_value)

    def _log_value(self, value: Floats) -> Floats:
        return np.asarray(np.log(np.maximum(value, LEAST_SHARE * self.unit_)))
