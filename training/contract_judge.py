"""Judge a model of contracts on the later holdout, against curves of survival."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.contracts.plan import PLAN, TENURE, build_spells
from training.contract_fit import (
    TENURE_AND_PLAN,
    ContractFit,
    simple_score,
)
from training.contract_level import ContractRows
from training.grading import Gate
from training.mixed_holdout import (
    LOGISTIC,
    MixedHoldout,
    Told,
    judge_told,
    measure_slices,
)
from training.schedule import Origin
from training.slices import tiers_of

if TYPE_CHECKING:
    from features.door.log import Log

Floats = npt.NDArray[np.float64]

KAPLAN_MEIER, BY_PLAN = "kaplan_meier", "kaplan_meier_plan"
LEAST_SPELLS = 50
"""Of a plan, to have a curve of its own."""

HOW = {
    "en": "All customers with a contract on a later day, which nothing had seen.",
    "zh": "较晚一天所有有合同的客户，此前任何拟合与选择均未见过。",
}


def judge_contracts(
    log: Log, fit: ContractFit, truth: ContractRows, *, origin: Origin, gate: Gate
) -> MixedHoldout:
    """Compare a model with simple methods fitted at the same instant."""
    model, X = fit.model, truth.X
    forecast = model.predict(model.design(X))
    whole = model.worth.amounts(model.amount(X)) * model.worth.months
    told = Told(
        p=forecast.churn_probability,
        expected=forecast.expected_value,
        low=forecast.value_low,
        high=forecast.value_high,
        churned=truth.churned,
        value=truth.value,
    )
    curves = survive(log, fit, X, origin=origin)
    rate = float(fit.past[fit.origins.late].churned.mean())
    best = curves.get(BY_PLAN, curves[KAPLAN_MEIER])
    return judge_told(
        told,
        origin=origin,
        baselines={
            "churn": {
                "base_rate": np.full(len(X), rate),
                "tenure": -X[TENURE].to_numpy(dtype=np.float64),
                **curves,
                TENURE_AND_PLAN: simple_score(fit, X),
                LOGISTIC: model.churn.logistic_.decision_function(
                    X[list(model.plan.used)].to_numpy(dtype=np.float64)
                ),
            },
            "value": {"amount": whole, KAPLAN_MEIER: whole * (1.0 - best)},
        },
        slices=measure_slices(told, slices_of(fit, X)),
        gate=gate,
        how=HOW,
        servable=(LOGISTIC, TENURE_AND_PLAN),
    )


def survive(
    log: Log, fit: ContractFit, X: pd.DataFrame, *, origin: Origin
) -> dict[str, Floats]:
    """Return the chance to churn by Kaplan-Meier's curve, and by each plan's own."""
    plan = fit.plan
    spells = build_spells(log, plan, as_of=origin.as_of)
    days = X["contract_spell_days"].to_numpy(dtype=np.float64)
    curve = kaplan_meier(spells["days"].to_numpy(), spells["has_ended"].to_numpy())
    found = {KAPLAN_MEIER: chance(curve, days, origin.horizon_days)}
    levels = plan.categories.get(PLAN, ())
    if levels:
        codes, own = X[PLAN].to_numpy(), found[KAPLAN_MEIER].copy()
        for code, level in enumerate(levels):
            of_plan = spells[spells["plan"] == level]
            if len(of_plan) < LEAST_SPELLS:
                continue
            each = kaplan_meier(
                of_plan["days"].to_numpy(), of_plan["has_ended"].to_numpy()
            )
            rows = codes == code
            own[rows] = chance(each, days[rows], origin.horizon_days)
        found[BY_PLAN] = own
    return found


def kaplan_meier(
    days: Floats, has_ended: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return the days at which contracts ended, and the share that outlived each.

    Notes
    -----
    Kaplan and Meier (1958). Times that go on are censored.
    """
    ends = np.unique(days[has_ended])
    order = np.sort(days)
    at_risk = len(days) - np.searchsorted(order, ends, side="left")
    ended = np.sort(days[has_ended])
    n = np.searchsorted(ended, ends, "right") - np.searchsorted(ended, ends, "left")
    return ends, np.asarray(np.cumprod(1.0 - n / np.maximum(at_risk, 1)), np.float64)


def chance(curve: tuple[Floats, Floats], days: Floats, horizon: float) -> Floats:
    """Return the chance to end within the horizon, of who lasted so many days."""
    ends, share = curve
    steps = np.concatenate([[1.0], share])
    now = steps[np.searchsorted(ends, days, side="right")]
    then = steps[np.searchsorted(ends, days + horizon, side="right")]
    return np.asarray(1.0 - np.where(now > 0, then / np.where(now > 0, now, 1.0), 0.0))


def slices_of(fit: ContractFit, X: pd.DataFrame) -> dict[str, npt.NDArray[np.str_]]:
    """Say which slice each customer is in: tier, stage, plan."""
    model = fit.model
    found = {
        "tier": tiers_of(model.tier_quantity(X)),
        "lifecycle_stage": model.stage(X),
    }
    levels = model.plan.categories.get(PLAN, ())
    if 1 < len(levels) <= 8:
        names = np.array([*levels, "other"])
        codes = X[PLAN].to_numpy(dtype=np.float64)
        found[PLAN] = names[np.where(np.isnan(codes), len(levels), codes).astype(int)]
    return found
