"""How well one column alone tells who churned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Folds = Sequence[tuple[Codes, Codes]]

BINS = 20
PRIOR_CUSTOMERS = 10.0
"""Customers of the usual rate that are added to each group."""


def lone_auc(codes: Codes, churned: Floats, folds: Folds) -> float:
    """Return the AUC of the churn rate of a row's group, learnt on other rows.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        The group of each row, from 0.
    churned : ndarray of shape (n,)
    folds : sequence of (ndarray, ndarray)
        Rows to learn from, and rows to tell of.
    """
    score = np.empty(len(codes))
    n_groups = int(codes.max()) + 1
    for train, test in folds:
        rates = group_rates(codes[train], churned[train], n_groups)
        score[test] = rates[codes[test]]
    return rank_auc(churned, score)


def group_rates(codes: Codes, churned: Floats, n_groups: int) -> Floats:
    """Return the churn rate of each group, small ones drawn to the rate of all."""
    n = np.bincount(codes, minlength=n_groups)
    n_churned = np.bincount(codes, weights=churned, minlength=n_groups)
    return np.asarray(
        (n_churned + PRIOR_CUSTOMERS * churned.mean()) / (n + PRIOR_CUSTOMERS)
    )


def rank_auc(churned: Floats, score: Floats) -> float:
    """Return the AUC by ranks; it is asked for a few hundred times.

    >>> rank_auc(np.array([0.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.7]))
    0.75
    """
    n_churned = churned.sum()
    ranks = rankdata(score)[churned > 0].sum()
    pairs = n_churned * (len(churned) - n_churned)
    return float((ranks - n_churned * (n_churned + 1) / 2) / pairs)


def group_codes(values: pd.Series) -> Codes:
    """Return twentieths of numbers, and each text; what is missing is a group too."""
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        present = numbers[~np.isnan(numbers)]
        if not len(present):
            return np.zeros(len(numbers), dtype=np.int64)
        cuts = np.unique(np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1]))
        place = np.searchsorted(cuts, numbers, side="left")
        return np.where(np.isnan(numbers), BINS + 1, place).astype(np.int64)
    codes, _ = pd.factorize(values.astype("string"), use_na_sentinel=True)
    return np.asarray(codes + 1, dtype=np.int64)
