"""Name the attributes that know the label: filled in once a customer had left."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.attributes.survey import AttributeSurvey
from models.recurring.churn import RecurringChurn
from training.audit.leaky_columns import LEFT_SHARE
from training.judge.folds import fold_rows
from training.judge.lone import Folds, group_codes, lone_auc, rank_auc

Floats = npt.NDArray[np.float64]

LEAST_BAR = 0.9
"""No attribute is named below this AUC."""

PURE, FEWEST, MOST_SHARE = 0.98, 30, 0.75
"""Share of the holders of a text that churned, and how many they are, for it to be
named; not where more than so many churned of all."""

MOST_ROWS = 20_000


def find_leaks(
    survey: AttributeSurvey, X: pd.DataFrame, *, seed: int
) -> dict[str, str]:
    """Return the attributes that know the label, and what shows it.

    Parameters
    ----------
    survey : AttributeSurvey
    X : DataFrame of shape (n_labelled, n_columns)
        The columns that a model could see, as numbers.
    seed : int

    Notes
    -----
    As in ``training.audit.leaky_columns``: an attribute that alone leaves less than
    ``LEFT_SHARE`` of the ``1 - AUC`` of all the others together, or a text whose
    holders all churned.
    """
    churned = pd.Series(survey.churned, survey.table.index)[X.index]
    rows = np.random.default_rng(seed).permutation(len(X))[:MOST_ROWS]
    X = X.iloc[np.sort(rows)]
    y: Floats = np.asarray(churned, dtype=np.float64)[np.sort(rows)]
    folds = list(fold_rows(y, seed=seed))
    table = survey.table.loc[X.index]
    lone = {
        name: lone_auc(group_codes(table[name]), y, folds)
        for name in X.columns.astype(str)
    }
    rest = [name for name, auc in lone.items() if auc < LEAST_BAR]
    bar = max(LEAST_BAR, 1.0 - LEFT_SHARE * (1.0 - _together(X[rest], y, folds)))
    leaks = {
        name: f"knows the answer: alone its AUC is {auc:.3f}"
        for name, auc in lone.items()
        if auc >= bar
    }
    for name in rest:
        if why := _pure_text(table[name], y):
            leaks[name] = why
    return leaks


def _together(X: pd.DataFrame, y: Floats, folds: Folds) -> float:
    """Return the AUC of a few trees on all columns together, out of fold."""
    if not X.shape[1]:
        return 0.5
    sizes = {str(name): 0 for name in X}
    score = np.zeros(len(X))
    for train, test in folds:
        model = RecurringChurn(sizes, parameters={"n_rounds": 60})
        score[test] = model.fit(X.iloc[train], y[train]).parts(X.iloc[test])[:, 0]
    return rank_auc(y, score)


def _pure_text(values: pd.Series, y: Floats) -> str:
    """Say which text, or having any, only customers who churned have."""
    if pd.api.types.is_numeric_dtype(values) or y.mean() > MOST_SHARE:
        return ""
    texts = values.astype("string").fillna("").to_numpy(dtype=object)
    rates = pd.Series(y).groupby(texts).agg(["mean", "size"])
    pure = rates[(rates["mean"] >= PURE) & (rates["size"] >= FEWEST)]
    if not len(pure):
        return ""
    text = str(pure.index[0])
    shown = repr(text) if text else "not known"
    return f"knows the answer: where it is {shown}, {pure['mean'].iloc[0]:.0%} churned"
