"""Fit the churn model of a table, and learn its blend where it had not been."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from models.parts.calibration import Calibration, choose_logistic
from models.recurring.churn import BLENDS, DEEPER, LOGISTIC, PLAIN, MixedChurn
from training.metrics import churn_ranking

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

FOLDS = 5
CLEARLY = 0.002
"""In AUC: what another blend, or deeper trees, have to gain to be taken."""

RECIPES: Sequence[Mapping[str, Any]] = (PLAIN, DEEPER)


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

    parameters: Mapping[str, Any]
    weights: tuple[float, ...]
    calibration: Calibration
    score: Floats

    @property
    def p(self) -> Floats:
        """Return the calibrated probabilities of rows that were not seen."""
        return self.calibration(self.score)


def fold_rows(churned: Floats, *, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield rows to fit on and rows to foretell, churners evenly in each."""
    least = int(min(churned.sum(), len(churned) - churned.sum()))
    folds = StratifiedKFold(max(2, min(FOLDS, least)), shuffle=True, random_state=seed)
    yield from folds.split(churned, churned)


def choose(parts: Sequence[Floats], churned: Floats) -> Choice:
    """Choose trees, blend and calibration.

    Parameters
    ----------
    parts : sequence of ndarray of shape (n, 3)
        Of each of ``RECIPES``: log-odds of rows that were not seen.
    churned : ndarray of shape (n,)
    """
    options = [
        (at, blend, np.asarray((each * np.asarray(blend)).sum(axis=1)))
        for at, each in enumerate(parts)
        for blend in BLENDS
    ]
    found = [churn_ranking(churned, score)["auc"] for _, _, score in options]
    best = int(np.argmax(found))
    at, blend, score = options[best if found[best] > found[0] + CLEARLY else 0]
    calibration = choose_logistic(score, churned, seed=0)
    return Choice(RECIPES[at], blend, calibration, score)


def only_logistic(choice: Choice, parts: Floats, churned: Floats) -> Choice:
    """Put the logistic regression in the place of the blend."""
    score = parts[:, -1]
    calibration = choose_logistic(score, churned, seed=0)
    return Choice(choice.parameters, LOGISTIC, calibration, score)


def cross_fit(
    X: pd.DataFrame, churned: Floats, sizes: Mapping[str, int], *, seed: int
) -> list[Floats]:
    """Return the log-odds of each part out of fold, for each of ``RECIPES``."""
    folds = list(fold_rows(churned, seed=seed))
    found = [np.zeros((len(X), 3)) for _ in RECIPES]

    def fit(job: tuple[int, tuple[Rows, Rows]]) -> None:
        at, (train, test) = job
        model = MixedChurn(sizes, parameters=RECIPES[at], random_state=seed)
        model.fit(X.iloc[train], churned[train])
        found[at][test] = model.parts(X.iloc[test])

    jobs = [(at, fold) for at in range(len(RECIPES)) for fold in folds]
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(fit, jobs))
    return found


def fit_choice(
    X: pd.DataFrame,
    churned: Floats,
    sizes: Mapping[str, int],
    *,
    choice: Choice,
    seed: int,
) -> MixedChurn:
    """Fit what was chosen on all rows."""
    model = MixedChurn(sizes, parameters=choice.parameters, random_state=seed)
    return model.fit(X, churned).blend(choice.weights)
