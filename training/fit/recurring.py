"""Put a served model together from what was chosen and fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.recurring.churn import LOGISTIC, RecurringChurn
from models.recurring.clusters import RecurringClusters
from models.recurring.model import MONTH_DAYS, Plan, RecurringModel, usual_of
from models.recurring.worth import Worth, fit_threshold
from models.score.forecast import Basis
from training.fit.choice import Choice

Floats = npt.NDArray[np.float64]
M = TypeVar("M", bound=RecurringModel)

LOGISTIC_METHOD = "logistic"
"""What the logistic regression is called beside the other simple methods."""

MIN_CUSTOMERS, MIN_OF_EACH = 200, 30
"""Customers, and churned and not churned ones, that a model needs."""

CLUSTERED_COLUMNS = 6
"""By which customers are compared: those that move churn most."""

MAX_EXPLAINED_ROWS = 2_000


def sizes_of(plan: Plan) -> dict[str, int]:
    """Return how many codes each column of the model has, 0 for a number."""
    levels = plan.categories
    return {n: len(levels[n]) + 1 if n in levels else 0 for n in plan.used}


def assemble(
    model_type: type[M],
    plan: Plan,
    churn: RecurringChurn,
    X: pd.DataFrame,
    *,
    choice: Choice,
    truth: Floats,
    shares: dict[str, Any],
    seed: int,
) -> M:
    """Put a model together.

    Parameters
    ----------
    model_type : type
        Of the kind.
    plan : AttributePlan or ContractPlan
    churn : RecurringChurn
        Fitted.
    X : DataFrame of shape (n, n_columns)
        The customers to serve, in the plan's columns.
    choice : Choice
    truth : ndarray of shape (n_scored,)
        What the customers of ``choice.score`` did.
    shares : dict
        ``of_stayed``, ``of_churned``, ``stayed`` and ``churned`` of ``Worth``, where
        they are not 1 and 0.
    seed : int
    """
    amount = None if plan.amount is None else X[plan.amount].to_numpy(dtype=np.float64)
    mean = 1.0 if amount is None else float(np.nanmean(np.maximum(amount, 0.0)))
    worth = Worth(
        months=plan.horizon_days / MONTH_DAYS,
        amount_base=mean,
        mean_amount=mean,
        threshold=fit_threshold(choice.p, truth),
        **shares,
    )
    sample = X.iloc[
        np.random.default_rng(seed).permutation(len(X))[:MAX_EXPLAINED_ROWS]
    ]
    parts, base = churn.contributions(sample)
    _, p_base = choice.calibration.carry(parts, base)
    clusters = _cluster(plan, X, np.abs(parts).mean(axis=0), seed=seed)
    return model_type(
        plan=plan,
        churn=churn,
        churn_calibration=choice.calibration,
        worth=replace(worth, p_base=p_base),
        clusters=clusters,
        usual=usual_of(X, clusters.predict(X), list(plan.categories)),
        basis=_basis(plan, choice),
    )


def _cluster(
    plan: Plan, X: pd.DataFrame, strength: Floats, *, seed: int
) -> RecurringClusters:
    order = [plan.used[at] for at in np.argsort(-strength, kind="stable")]
    chosen = [n for n in order[:CLUSTERED_COLUMNS] if n != plan.amount]
    if plan.amount is not None:
        chosen.append(plan.amount)
    levels = {name: plan.categories.get(name, ()) for name in chosen}
    return RecurringClusters(levels, random_state=seed).fit(X)


def _basis(plan: Plan, choice: Choice) -> Basis:
    """Say what the scores stand on."""
    reason = "LightGBM and logistic regressions, blended"
    if choice.weights == LOGISTIC:
        reason = (
            "a logistic regression: on customers held out the model was no better "
            "than it"
        )
    if plan.amount is None:
        reason += "; no monthly amount is given, so values count months"
    return Basis("rule" if choice.weights == LOGISTIC else "model", reason)
