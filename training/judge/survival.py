"""Kaplan-Meier's curve of survival: how long contracts last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.contracts.plan import PLAN, ContractPlan, build_spells
from training.origin import Origin

if TYPE_CHECKING:
    from features.door.log import Log

Floats = npt.NDArray[np.float64]

KAPLAN_MEIER, BY_PLAN = "kaplan_meier", "kaplan_meier_plan"
MIN_SPELLS = 50
"""Of a plan, to have a curve of its own."""


def survive(
    log: Log, plan: ContractPlan, X: pd.DataFrame, *, origin: Origin
) -> dict[str, Floats]:
    """Return the chance to churn by Kaplan-Meier's curve, and by each plan's own."""
    spells = build_spells(log, plan, as_of=origin.as_of)
    days = X["contract_spell_days"].to_numpy(dtype=np.float64)
    curves = {KAPLAN_MEIER: _end_by(spells, days, origin.horizon_days)}
    levels = plan.categories.get(PLAN, ())
    if levels:
        codes, by_plan = X[PLAN].to_numpy(), curves[KAPLAN_MEIER].copy()
        for code, level in enumerate(levels):
            of_plan = spells[spells["plan"] == level]
            if len(of_plan) >= MIN_SPELLS:
                rows = codes == code
                by_plan[rows] = _end_by(of_plan, days[rows], origin.horizon_days)
        curves[BY_PLAN] = by_plan
    return curves


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


def _end_by(spells: pd.DataFrame, days: Floats, horizon_days: int) -> Floats:
    curve = kaplan_meier(spells["days"].to_numpy(), spells["has_ended"].to_numpy())
    return chance(curve, days, horizon_days)
