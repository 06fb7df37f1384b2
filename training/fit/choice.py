"""Fit the churn model of a table, and learn its blend on rows it had not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.parts.calibration import Calibration, choose_logistic
from models.recurring.churn import BLENDS, DEEPER, LOGISTIC, PLAIN, RecurringChurn
from training.judge.folds import Rows, fold_rows
from training.judge.metrics import churn_ranking

Floats = npt.NDArray[np.float64]
Parameters = Mapping[str, Any]

CLEARLY = 0.002
"""In AUC: what another blend, or deeper trees, have to gain to be taken."""

RECIPES: Sequence[Parameters] = (PLAIN, DEEPER)
"""What is tried for the trees; the first is the one to beat."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen out of fold.

    Parameters
    ----------
    parameters : mapping
        LightGBM's.
    weights : tuple of float
        Of the parts of the blend.
    calibration : Calibration
    score : ndarray of shape (n,)
        Log-odds of rows that the model had not seen.
    """

    parameters: Parameters
    weights: tuple[float, ...]
    calibration: Calibration
    score: Floats

    @property
    def p(self) -> Floats:
        """Return the calibrated probabilities of rows that were not seen."""
        return self.calibration(self.score)


def recipes_of(parameters: Parameters | None) -> Sequence[Parameters]:
    """Return what is tried for the trees: tuned parameters alone, where there are."""
    return RECIPES if parameters is None else ({**PLAIN, **parameters},)


def choose(
    parts: Sequence[Floats], churned: Floats, *, recipes: Sequence[Parameters]
) -> Choice:
    """Choose trees, blend and calibration.

    Parameters
    ----------
    parts : sequence of ndarray of shape (n, 3)
        Of each recipe: log-odds of rows that were not seen.
    churned : ndarray of shape (n,)
    recipes : sequence of mapping
    """
    options = [
        (recipe, blend, np.asarray((log_odds * np.asarray(blend)).sum(axis=1)))
        for recipe, log_odds in zip(recipes, parts, strict=True)
        for blend in BLENDS
    ]
    aucs = [churn_ranking(churned, score)["auc"] for _, _, score in options]
    best = int(np.argmax(aucs))
    recipe, blend, score = options[best if aucs[best] > aucs[0] + CLEARLY else 0]
    return Choice(recipe, blend, choose_logistic(score, churned, seed=0), score)


def only_logistic(choice: Choice, parts: Floats, churned: Floats) -> Choice:
    """Put the logistic regression in the place of the blend."""
    score = parts[:, -1]
    calibration = choose_logistic(score, churned, seed=0)
    return Choice(choice.parameters, LOGISTIC, calibration, score)


def cross_fit(
    X: pd.DataFrame,
    churned: Floats,
    sizes: Mapping[str, int],
    *,
    recipes: Sequence[Parameters],
    seed: int,
) -> list[Floats]:
    """Return the log-odds of each part out of fold, for each recipe."""
    folds = list(fold_rows(churned, seed=seed))
    log_odds = [np.zeros((len(X), 3)) for _ in recipes]

    def fit(job: tuple[int, tuple[Rows, Rows]]) -> None:
        place, (train, test) = job
        model = RecurringChurn(sizes, parameters=recipes[place], random_state=seed)
        model.fit(X.iloc[train], churned[train])
        log_odds[place][test] = model.parts(X.iloc[test])

    jobs = [(place, fold) for place in range(len(recipes)) for fold in folds]
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(fit, jobs))
    return log_odds


def fit_choice(
    X: pd.DataFrame,
    churned: Floats,
    sizes: Mapping[str, int],
    *,
    choice: Choice,
    seed: int,
) -> RecurringChurn:
    """Fit what was chosen on all rows."""
    model = RecurringChurn(sizes, parameters=choice.parameters, random_state=seed)
    return model.fit(X, churned).blend(choice.weights)
