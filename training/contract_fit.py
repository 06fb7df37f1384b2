"""Fit a model of contracts: choose on the later snapshot, train on all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.contracts.plan import (
    PLAN,
    ContractPlan,
    build_contracts,
    build_outcomes,
    plan_contracts,
)
from features.instants import to_naive_utc
from models.purchases.model import Basis
from models.recurring.churn import MixedChurn
from models.recurring.model import MixedModel
from models.recurring.worth import fit_shares
from training.contract_level import ContractRows, move_level, step_up
from training.contract_schedule import ContractOrigins, plan_origins
from training.mixed_build import assemble, sizes_of
from training.mixed_core import RECIPES, Choice, choose, fit_choice, only_logistic
from training.mixed_holdout import LOGISTIC
from training.schedule import Origin

if TYPE_CHECKING:
    from features.door.log import Log

Floats = npt.NDArray[np.float64]

MOST_ROWS = 60_000
"""Rows beyond which more add no accuracy, only time."""

TENURE_AND_PLAN = "tenure_and_plan"
OF_TENURE = ("contract_tenure_days", "contract_spell_days", "contract_days", PLAN)
"""What the simple model sees."""


@dataclass(frozen=True, slots=True)
class ContractFit:
    """A fitted model, and what it was made from.

    Parameters
    ----------
    plan : ContractPlan
    model : MixedModel
    choice : Choice
    origins : ContractOrigins
    X : DataFrame
        The customers to foretell.
    past : dict of Origin to ContractRows
    season : float
        By which the log-odds were moved for the time of year.
    """

    plan: ContractPlan
    model: MixedModel
    choice: Choice
    origins: ContractOrigins
    X: pd.DataFrame
    past: dict[Origin, ContractRows]
    season: float


def read_outcomes(
    log: Log, plan: ContractPlan, X: pd.DataFrame, *, origin: Origin, known: datetime
) -> ContractRows:
    """Return what became of customers, as it was known at an instant."""
    found = build_outcomes(
        log, plan, as_of=origin.as_of, days=origin.horizon_days, known_before=known
    ).reindex(X.index)
    return ContractRows(X, found["churned"].to_numpy(), found["value"].to_numpy())


def fit_contracts(
    log: Log,
    *,
    cutoff: datetime,
    days: int,
    horizon_days: int,
    seed: int,
    served: str = "",
) -> ContractFit:
    """Fit for the customers of an instant, from what was known then.

    Parameters
    ----------
    log : Log
    cutoff : datetime
    days : int
        That are learnt from.
    horizon_days : int
        That are foretold; where they are more, the chance to stay is taken to go on
        falling at the same rate.
    seed : int
    served : str
        ``logistic`` or ``tenure_and_plan`` for a simple model in the place of this one.
    """
    plan = plan_contracts(log, as_of=cutoff, horizon_days=horizon_days)
    origins = plan_origins(starts_at=log.starts_at, cutoff=cutoff, days=days)
    frame = build_contracts(log, plan, as_of=[*origins.instants(), cutoff])
    X = _at(frame, cutoff)
    past = _read_past(log, plan, frame, origins=origins, known=cutoff)
    plan = _choose_columns(plan, past, served=served)
    late = past[origins.late]
    parts = _late_parts(plan, past, origins, seed=seed)
    choice = choose(parts, late.churned)
    if served == LOGISTIC:
        choice = only_logistic(choice, parts[0], late.churned)
    rows = _stack(past, origins.snapshots, seed=seed)
    churn = fit_choice(
        rows.X[list(plan.used)],
        rows.churned,
        sizes_of(plan),
        choice=choice,
        seed=seed,
    )
    moved, season = move_level(churn, choice.calibration, past, origins)
    choice_now = replace(
        choice, calibration=step_up(moved, churn, X, ratio=horizon_days / days)
    )
    ratio, churned = late.ratio(plan.amount, days)
    model = assemble(
        plan,
        churn,
        X,
        choice=choice_now,
        truth=late.churned,
        shares=fit_shares(ratio, churned),
        seed=seed,
    )
    return ContractFit(plan, _label(model, served), choice, origins, X, past, season)


def simple_score(fit: ContractFit, X: pd.DataFrame) -> Floats:
    """Return what the time as a customer and the plan alone say, as log-odds."""
    plan = _choose_columns(fit.plan, fit.past, served=TENURE_AND_PLAN)
    rows, used = _stack(fit.past, fit.origins.snapshots, seed=0), list(plan.used)
    simple = MixedChurn(sizes_of(plan)).fit(rows.X[used], rows.churned)
    return simple.decision_function(X[used])


def _label(model: MixedModel, served: str) -> MixedModel:
    if served != TENURE_AND_PLAN:
        return model
    told = "time as a customer and plan alone: on the later holdout "
    told += "the model was no better than them"
    return replace(model, basis=Basis("rule", told))


def _at(frame: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    instant = pd.Timestamp(to_naive_utc(as_of))
    return frame[frame.index.get_level_values("as_of") == instant].droplevel("as_of")


def _read_past(
    log: Log,
    plan: ContractPlan,
    frame: pd.DataFrame,
    *,
    origins: ContractOrigins,
    known: datetime,
) -> dict[Origin, ContractRows]:
    years = (origin for pair in origins.seasons for origin in pair)
    every = {origins.late, *origins.early, *origins.snapshots, *years}
    return {
        origin: read_outcomes(
            log, plan, _at(frame, origin.as_of), origin=origin, known=known
        )
        for origin in sorted(every, key=lambda each: each.as_of)
    }


def _choose_columns(
    plan: ContractPlan, past: dict[Origin, ContractRows], *, served: str
) -> ContractPlan:
    """Leave out what is the same for all."""
    rows = pd.concat([each.X for each in past.values()])
    low, high = rows.min(), rows.max()
    varied = [name for name in plan.names if low[name] < high[name]]
    if served == TENURE_AND_PLAN:
        varied = [name for name in varied if name in OF_TENURE]
    return replace(plan, used=tuple(varied or plan.names[:1]))


def _late_parts(
    plan: ContractPlan,
    past: dict[Origin, ContractRows],
    origins: ContractOrigins,
    *,
    seed: int,
) -> list[Floats]:
    """Return what each recipe, trained before it, says of the later snapshot."""
    rows, used = _stack(past, origins.early, seed=seed), list(plan.used)
    late = past[origins.late].X[used]

    def tell(recipe: Mapping[str, Any]) -> Floats:
        model = MixedChurn(sizes_of(plan), parameters=recipe, random_state=seed)
        return model.fit(rows.X[used], rows.churned).parts(late)

    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(tell, RECIPES))


def _stack(
    past: dict[Origin, ContractRows], origins: Sequence[Origin], *, seed: int
) -> ContractRows:
    """Return the rows of several snapshots, or a draw of them."""
    X = pd.concat([past[each].X for each in origins])
    churned = np.concatenate([past[each].churned for each in origins])
    value = np.concatenate([past[each].value for each in origins])
    if len(X) > MOST_ROWS:
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.permutation(len(X))[:MOST_ROWS])
        X, churned, value = X.iloc[rows], churned[rows], value[rows]
    return ContractRows(X, churned, value)
