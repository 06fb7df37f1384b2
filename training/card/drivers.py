"""Which features move the figures of a version most."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from models.kind import ServedModel
from models.score.forecast import Explained

MOST_ROWS = 1_000
MOST_DRIVERS = 15


def rank_drivers(
    model: ServedModel, features: pd.DataFrame, *, seed: int
) -> dict[str, list[dict[str, Any]]]:
    """Return the features with the largest mean absolute SHAP contributions.

    Parameters
    ----------
    model : ServedModel
    features : DataFrame of shape (n_customers, n_features)
        Contributions are of a sample of these customers.
    seed : int

    Returns
    -------
    dict
        ``churn``, in probability, and ``value``, in money: at most fifteen features
        each, the strongest first.
    """
    rows = np.random.default_rng(seed).permutation(len(features))[:MOST_ROWS]
    X = model.design(features.iloc[np.sort(rows)])
    return {
        "churn": _strongest(model.explain_churn(X)),
        "value": _strongest(model.explain_value(X)),
    }


def _strongest(explained: Explained) -> list[dict[str, Any]]:
    strength = np.abs(explained.parts).mean(axis=0)
    order = np.argsort(-strength, kind="stable")[:MOST_DRIVERS]
    return [
        {
            "feature": explained.columns[place],
            "mean_contribution": float(strength[place]),
        }
        for place in order
        if strength[place] > 0
    ]
