"""What may be served where a model is no better than the simple methods."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.purchases.simple import METHODS, SimpleScore
from training.core import MODEL
from training.metrics import churn_ranking, value_ranking

Floats = npt.NDArray[np.float64]
Ranking = Mapping[str, Mapping[str, float]]


def choose_served(
    X: pd.DataFrame,
    churned: Floats,
    spend: Floats,
    *,
    tables: tuple[Ranking, Ranking, tuple[str, ...]],
) -> tuple[dict[str, str], dict[str, float]]:
    """Return what may be served for each target, and how it ranks."""
    churn, value, passed = tables
    served, figures = {}, {}
    for target, metric, table, truth in (
        ("churn", "auc", churn, churned),
        ("value", "gini", value, spend),
    ):
        options = {MODEL: table["model"][metric]} if target in passed else {}
        for method in METHODS if target not in passed else ():
            score = SimpleScore(method=method, target=target).fit(X)
            ranking = churn_ranking if target == "churn" else value_ranking
            options[method] = ranking(truth, score.decision_function(X))[metric]
        served[target] = max(options, key=lambda name: options[name])
        figures[f"{target}_served_{metric}"] = options[served[target]]
    return served, figures
