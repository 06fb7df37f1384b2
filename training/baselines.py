"""What simple methods give: the last order, RFM, BG/NBD with Gamma-Gamma."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.purchases.bgnbd import BGNBD
from models.purchases.btyd import HISTORY, BuyingModel
from training.metrics import churn_ranking, value_ranking

Floats = npt.NDArray[np.float64]

BASELINES = ("recency", "rfm", "bgnbd")
"""Days since the last order; RFM quintiles; BG/NBD with Gamma-Gamma."""


def judge_churn(
    features: pd.DataFrame, churned: Floats, *, days: float
) -> dict[str, dict[str, float]]:
    """Return how each baseline ranks who churned in so many days.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
    churned : ndarray of shape (n_customers,)
    days : float
        Length of the time that is foretold.

    Returns
    -------
    dict
        Baseline to its metrics. Of the rankings that BG/NBD gives, the best counts.
    """
    waited = features["days_since_last_order"].to_numpy(dtype=np.float64)
    model, history = _fit(features)
    scores = (model.expected_orders(history, days), model.p_active(history, days))
    return {
        "recency": churn_ranking(churned, waited),
        "rfm": churn_ranking(churned, -rfm_score(features)),
        "bgnbd": max(
            (churn_ranking(churned, -score) for score in scores),
            key=lambda metrics: metrics["auc"],
        ),
    }


def judge_value(
    features: pd.DataFrame, spend: Floats, *, days: float
) -> dict[str, dict[str, float]]:
    """Return how each baseline ranks what is spent in so many days.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
    spend : ndarray of shape (n_customers,)
        None below 0.
    days : float
        Length of the time that is foretold.

    Returns
    -------
    dict
        Baseline to its metrics. Of the rankings that BG/NBD gives, the best counts.
    """
    past = features["gross_spend"].to_numpy(dtype=np.float64)
    bought = features["n_purchase_days"].to_numpy(dtype=np.float64)
    model, history = _fit(features)
    orders = model.expected_orders(history, days)
    buying = BuyingModel(dropout_at_zero=False).fit(features)
    each = buying.predict(features, days=days)["btyd_mean_spend"].to_numpy()
    scores = (orders * each, orders * past / np.maximum(bought, 1.0))
    return {
        "recency": value_ranking(spend, past),
        "rfm": value_ranking(spend, rfm_score(features)),
        "bgnbd": max(
            (value_ranking(spend, score) for score in scores),
            key=lambda metrics: metrics["gini"],
        ),
    }


def rfm_score(features: pd.DataFrame) -> Floats:
    """Return the sum of the quintiles of recency, frequency and spend, 3 to 15."""
    recency = -features["days_since_last_order"]
    parts = (recency, features["n_orders"], features["gross_spend"])
    ranks = (np.ceil(part.rank(pct=True, method="average") * 5) for part in parts)
    return np.asarray(sum(ranks), dtype=np.float64)


def _fit(features: pd.DataFrame) -> tuple[BGNBD, Floats]:
    history = features[list(HISTORY)].to_numpy(dtype=np.float64)
    return BGNBD().fit(history), history
