"""What simple methods say of buyers: the last order, RFM, BG/NBD with Gamma-Gamma."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.purchases.bgnbd import BGNBD
from models.purchases.btyd import HISTORY, BuyingModel
from models.purchases.simple import METHODS, SimpleScore
from training.judge.holdout import SimpleMethods

Floats = npt.NDArray[np.float64]

BASELINES = ("recency", "rfm", "bgnbd")
"""Days since the last order; RFM quintiles; BG/NBD with Gamma-Gamma."""


def score_buyers(
    features: pd.DataFrame, X: pd.DataFrame, *, days: float
) -> SimpleMethods:
    """Return what each simple method says of the next days.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
    X : DataFrame of shape (n_customers, n_columns)
        The same, with the columns of ``BuyingModel``: what stands in is served of it.
    days : float
        Length of the time that is predicted.

    Returns
    -------
    SimpleMethods
        Of the rankings that BG/NBD gives, the best counts.
    """
    history = features[list(HISTORY)].to_numpy(dtype=np.float64)
    model = BGNBD().fit(history)
    orders = model.expected_orders(history, days)
    past = features["gross_spend"].to_numpy(dtype=np.float64)
    purchase_days = features["n_purchase_days"].to_numpy(dtype=np.float64)
    buying = BuyingModel(dropout_at_zero=False).fit(features)
    mean_spend = buying.predict(features, days=days)["btyd_mean_spend"].to_numpy()
    rfm = rfm_score(features)
    waited = features["days_since_last_order"].to_numpy(dtype=np.float64)
    return SimpleMethods(
        churn={
            "recency": (waited,),
            "rfm": (-rfm,),
            "bgnbd": (-orders, -model.p_active(history, days)),
        },
        value={
            "recency": (past,),
            "rfm": (rfm,),
            "bgnbd": (
                orders * mean_spend,
                orders * past / np.maximum(purchase_days, 1.0),
            ),
        },
        stand_ins={target: _stand_ins(X, target) for target in ("churn", "value")},
    )


def rfm_score(features: pd.DataFrame) -> Floats:
    """Return the sum of the quintiles of recency, frequency and spend, 3 to 15."""
    recency = -features["days_since_last_order"]
    parts = (recency, features["n_orders"], features["gross_spend"])
    ranks = (np.ceil(part.rank(pct=True, method="average") * 5) for part in parts)
    return np.asarray(sum(ranks), dtype=np.float64)


def _stand_ins(X: pd.DataFrame, target: str) -> Mapping[str, Floats]:
    """Return the scores of what can be served in the place of a model."""
    scores = {name: SimpleScore(method=name, target=target) for name in METHODS}
    return {name: score.fit(X).decision_function(X) for name, score in scores.items()}
