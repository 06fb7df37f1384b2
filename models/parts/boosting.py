"""LightGBM as Regulars trains it: shallow trees, much regularised, reproducible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from models.parts.treeshap import TreeTables

Floats = npt.NDArray[np.float64]

PARAMETERS: dict[str, Any] = {
    "num_leaves": 7,
    "learning_rate": 0.045,
    "extra_trees": True,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "min_data_in_leaf": 100,
    "lambda_l2": 10.0,
    "max_bin": 127,
}
"""Purchase logs are noisy: of the settings tried, the plainer won on every log."""

FIXED: dict[str, Any] = {
    "verbose": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
}
"""One thread a model: the same bits on every machine, and no stall on a busy one."""


TABLES: WeakKeyDictionary[lgb.Booster, TreeTables] = WeakKeyDictionary()
"""What was worked out of each booster that is in use."""


def fit_booster(
    X: Floats,
    y: Floats,
    *,
    names: list[str],
    objective: dict[str, Any],
    parameters: dict[str, Any],
    n_rounds: int,
    random_state: int,
) -> lgb.Booster:
    """Train one booster on a matrix of features.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
    y : ndarray of shape (n,)
    names : list of str
        The features, in order.
    objective : dict
        ``objective`` and what belongs to it.
    parameters : dict
        What differs from ``PARAMETERS``.
    n_rounds : int
    random_state : int

    Returns
    -------
    Booster
    """
    return train_booster(
        lgb.Dataset(X, y, feature_name=names, free_raw_data=True),
        {**PARAMETERS, **parameters, **objective},
        n_rows=len(X),
        n_rounds=n_rounds,
        random_state=random_state,
    )


def train_booster(
    data: lgb.Dataset,
    parameters: Mapping[str, Any],
    *,
    n_rows: int,
    n_rounds: int,
    random_state: int,
) -> lgb.Booster:
    """Train one booster, in small data with smaller leaves."""
    settings = {**parameters, **FIXED, "seed": random_state}
    leaf = min(int(settings["min_data_in_leaf"]), max(5, n_rows // 50))
    return lgb.train({**settings, "min_data_in_leaf": leaf}, data, n_rounds)


def contributions(booster: lgb.Booster, X: Floats) -> tuple[Floats, float]:
    """Return exact TreeSHAP values of shape (n, n_features), and the base."""
    tables = _tables(booster)
    return tables.contributions(X), tables.base


def assess(booster: lgb.Booster, X: Floats) -> tuple[Floats, Floats, float]:
    """Return ``raw_score`` and ``contributions``: what both need is found once."""
    tables = _tables(booster)
    if not tables.is_whole:
        return raw_score(booster, X), *contributions(booster, X)
    return *tables.assess(X), tables.base


def raw_score(booster: lgb.Booster, X: Floats) -> Floats:
    """Return the sum of the trees for each row, before any link."""
    tables = _tables(booster)
    if tables.is_whole:
        return tables.raw_score(X)
    return np.asarray(booster.predict(X, raw_score=True, num_threads=0))


def _tables(booster: lgb.Booster) -> TreeTables:
    """Return a booster's tables, which are made once."""
    tables = TABLES.get(booster)
    if tables is None:
        text = booster.model_to_string()
        tables = TABLES[booster] = TreeTables(text, booster.num_feature())
    return tables
