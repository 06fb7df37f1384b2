"""What frequency, recency and age alone foretell, as columns beside the features.

BG/NBD or MBG/NBD says how many orders to expect, Gamma-Gamma what they are worth. They
need no training labels, so they hold for every horizon: they are the baseline, an input
of the models, and what is served where the data cannot carry a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from features.purchases.frame import take_columns
from features.types import Floats
from models.purchases.bgnbd import BGNBD
from models.purchases.gamma_gamma import GammaGamma

HISTORY = ("frequency", "recency", "T")
NEEDED = (*HISTORY, "gross_spend", "n_purchase_days")
"""The features that are read."""

COLUMNS = (
    "btyd_p_alive",
    "btyd_p_active",
    "btyd_expected_orders",
    "btyd_mean_spend",
    "btyd_expected_value",
    "btyd_order_rate",
)
MAX_CUSTOMERS = 10_000
PENALTY = 1e-4
"""Keeps the parameters finite where a log says little of one of them."""


class BuyingModel(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Fit orders and spend to the customers' buying histories.

    Parameters
    ----------
    dropout_at_zero : bool
        True for MBG/NBD, where a one-time buyer may be gone.

    Attributes
    ----------
    orders_ : BGNBD
    spend_ : GammaGamma
        Fitted on all purchase days, the first among them.
    """

    def __init__(self, *, dropout_at_zero: bool = True) -> None:
        self.dropout_at_zero = dropout_at_zero

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Fit on features of one ``as_of``, one row a customer.

        Of more than ``MAX_CUSTOMERS``, evenly spaced ones: seven parameters do not
        need more.
        """
        X = X.iloc[:: max(1, -(-len(X) // MAX_CUSTOMERS))]
        self.orders_ = BGNBD(dropout_at_zero=self.dropout_at_zero, penalty=PENALTY)
        self.orders_.fit(X[list(HISTORY)].to_numpy(dtype=np.float64))
        self.spend_ = GammaGamma(penalty=PENALTY).fit(*spend_days(X))
        return self

    def predict(self, X: pd.DataFrame, *, days: float) -> pd.DataFrame:
        """Return what to expect of the next ``days``.

        Returns
        -------
        DataFrame of shape (n_customers, 6)
            ``btyd_p_alive``, ``btyd_p_active`` (at least one order),
            ``btyd_expected_orders``, ``btyd_mean_spend`` (of a purchase day),
            ``btyd_expected_value``, ``btyd_order_rate`` (a year, while alive).
        """
        history = take_columns(X, HISTORY)
        orders = self.orders_.expected_orders(history, days)
        spend = self.spend_.expected_mean_spend(*spend_days(X))
        rate = (self.orders_.r_ + history[:, 0]) / (self.orders_.alpha_ + history[:, 2])
        columns = (
            self.orders_.p_alive(history),
            self.orders_.p_active(history, days),
            orders,
            spend,
            orders * spend,
            365.0 * rate,
        )
        return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)), index=X.index)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "dropout_at_zero": self.dropout_at_zero,
            "orders": self.orders_.to_dict(),
            "spend": self.spend_.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BuyingModel:
        """Restore what ``to_dict`` gave."""
        model = cls(dropout_at_zero=values["dropout_at_zero"])
        model.orders_ = BGNBD.from_dict(values["orders"])
        model.spend_ = GammaGamma.from_dict(values["spend"])
        return model


def spend_days(X: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return the purchase days and the mean spend of one."""
    days = X["n_purchase_days"].to_numpy(dtype=np.float64)
    spend = X["gross_spend"].to_numpy(dtype=np.float64)
    return days, spend / np.maximum(days, 1.0)


def design(features: pd.DataFrame, buying: BuyingModel, days: float) -> pd.DataFrame:
    """Return the columns that the models see: features, and what BTYD foretells."""
    foretold = buying.predict(features, days=days)
    # In one piece of memory any choice of columns is a plain copy of these.
    matrix = np.empty((len(features), features.shape[1] + foretold.shape[1]), order="F")
    matrix[:, : features.shape[1]] = features.to_numpy(dtype=np.float64)
    matrix[:, features.shape[1] :] = foretold.to_numpy(dtype=np.float64)
    columns = features.columns.append(foretold.columns)
    return pd.DataFrame(matrix, index=features.index, columns=columns, copy=False)
