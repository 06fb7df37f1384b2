"""Fit a model of contracts: choose on the later snapshot, train on all of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.contracts.plan import (
    ContractPlan,
)
from models.recurring.churn import RecurringChurn
from models.recurring.model import ContractModel
from models.recurring.worth import fit_shares
from models.score.forecast import Basis
from training.fit.choice import (
    Choice,
    Parameters,
    choose,
    fit_choice,
    only_logistic,
    recipes_of,
)
from training.fit.contract_past import (
    TENURE_AND_PLAN,
    ContractPast,
    ContractRecipe,
    choose_columns,
    read_past,
    stack_rows,
)
from training.fit.contract_schedule import ContractOrigins
from training.fit.recurring import LOGISTIC_METHOD, assemble, sizes_of
from training.fit.season import ContractRows, move_level, step_up
from training.fit.trials import PayerTrials
from training.origin import NO_EMBARGO, Origin

if TYPE_CHECKING:
    from features.door.log import Log

Floats = npt.NDArray[np.float64]

WORDS_OF_TENURE = (
    "time as a customer and plan alone: on the later holdout the model was no better "
    "than them"
)


@dataclass(frozen=True, slots=True)
class ContractFit:
    """A fitted model, and what it was made from.

    Parameters
    ----------
    plan : ContractPlan
    model : ContractModel
    choice : Choice
    origins : ContractOrigins
    features : DataFrame
        Of the customers to predict.
    past : dict of Origin to ContractRows
    season : float
        By which the log-odds were moved for the time of year.
    """

    plan: ContractPlan
    model: ContractModel
    choice: Choice
    origins: ContractOrigins
    features: pd.DataFrame
    past: dict[Origin, ContractRows]
    season: float


def fit_contracts(
    log: Log,
    *,
    at: Origin,
    recipe: ContractRecipe,
    embargo: timedelta = NO_EMBARGO,
) -> ContractFit:
    """Fit for the customers of an instant, from what was known then.

    Where more days are predicted than were learnt from, the chance to stay is taken to
    go on falling at the same rate. The parameters are those of ``read_past``.
    """
    past = read_past(log, at=at, recipe=recipe, embargo=embargo)
    past.check_both()
    plan, origins, X = past.plan, past.origins, past.features
    late, recipes = past.rows[origins.late], recipes_of(recipe.parameters)
    parts = predict_late(past, recipes, seed=recipe.seed)
    choice = choose(parts, late.churned, recipes=recipes)
    if recipe.served == LOGISTIC_METHOD:
        choice = only_logistic(choice, parts[0], late.churned)
    rows = stack_rows(past.rows, origins.snapshots, seed=recipe.seed)
    churn = fit_choice(
        rows.X[list(plan.used)],
        rows.churned,
        sizes_of(plan),
        choice=choice,
        seed=recipe.seed,
    )
    moved, season = move_level(churn, choice.calibration, past.rows, origins)
    ratio = at.horizon_days / recipe.days
    model = assemble(
        ContractModel,
        plan,
        churn,
        X,
        choice=replace(choice, calibration=step_up(moved, churn, X, ratio=ratio)),
        truth=late.churned,
        shares=fit_shares(*late.ratio(plan.amount, recipe.days)),
        seed=recipe.seed,
    )
    if recipe.served == TENURE_AND_PLAN:
        model = replace(model, basis=Basis("rule", WORDS_OF_TENURE))
    return ContractFit(plan, model, choice, origins, X, past.rows, season)


def prepare_contract_trials(
    log: Log, *, at: Origin, recipe: ContractRecipe
) -> PayerTrials:
    """Build what trials are fitted on and judged by: the snapshots before the late one.

    The parameters are those of ``read_past``.
    """
    past = read_past(log, at=at, recipe=recipe)
    late = past.rows[past.origins.late]
    amount = past.plan.amount
    return PayerTrials(
        predict=lambda parameters, seed: predict_late(past, [parameters], seed=seed)[0],
        amount=np.ones(len(late.X)) if amount is None else late.X[amount].to_numpy(),
        churned=late.churned,
        value=late.value,
    )


def simple_score(fit: ContractFit, X: pd.DataFrame) -> Floats:
    """Return what the time as a customer and the plan alone say, as log-odds."""
    plan = choose_columns(fit.plan, fit.past, served=TENURE_AND_PLAN)
    rows, used = stack_rows(fit.past, fit.origins.snapshots, seed=0), list(plan.used)
    simple = RecurringChurn(sizes_of(plan)).fit(rows.X[used], rows.churned)
    return simple.decision_function(X[used])


def predict_late(
    past: ContractPast, recipes: Sequence[Parameters], *, seed: int
) -> list[Floats]:
    """Return what each recipe, trained before it, says of the later snapshot."""
    plan, used = past.plan, list(past.plan.used)
    rows = stack_rows(past.rows, past.origins.early, seed=seed)
    late = past.rows[past.origins.late].X[used]

    def predict(recipe: Parameters) -> Floats:
        model = RecurringChurn(sizes_of(plan), parameters=recipe, random_state=seed)
        return model.fit(rows.X[used], rows.churned).parts(late)

    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(predict, recipes))
