"""The level of a model of contracts: the time of year, and the days foretold."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.parts.calibration import Calibration, with_mean
from models.recurring.churn import RecurringChurn
from models.recurring.model import MONTH_DAYS
from training.fit.contract_schedule import ContractOrigins
from training.origin import Origin

Floats = npt.NDArray[np.float64]

MIN_CHURNED = 30
"""Customers that churned, and that stayed, for a year's season to be told."""

PRIOR_YEARS = 1.0
"""Years of no season that are held against those that are there."""


@dataclass(frozen=True, slots=True)
class ContractRows:
    """Customers at some instants, and what became of them.

    Parameters
    ----------
    X : DataFrame of shape (n, n_columns)
        By ``customer_id``.
    churned, value : ndarray of shape (n,)
    """

    X: pd.DataFrame
    churned: Floats
    value: Floats

    def ratio(self, amount: str | None, days: int) -> tuple[Floats, Floats]:
        """Return value over amount x months, and who churned, where it is known."""
        month = np.ones(len(self.X)) if amount is None else self.X[amount].to_numpy()
        has_amount = month > 0
        whole = month[has_amount] * (days / MONTH_DAYS)
        return self.value[has_amount] / whole, self.churned[has_amount]


def move_level(
    churn: RecurringChurn,
    calibration: Calibration,
    past: dict[Origin, ContractRows],
    origins: ContractOrigins,
) -> tuple[Calibration, float]:
    """Move the level by how the time of year differed from that of ``late`` before.

    The calibration has the level of the later snapshot. A year's difference is
    believed as far as it is larger than chance, and one year by half.
    """
    by_year: dict[int, list[float]] = {}
    for then, before in origins.seasons:
        misses = [_miss(churn, calibration, past[at]) for at in (then, before)]
        if None in misses:
            continue
        (a, var_a), (b, var_b) = (miss for miss in misses if miss is not None)
        sure = max(0.0, 1.0 - (var_a + var_b) / max((a - b) ** 2, 1e-12))
        by_year.setdefault(then.as_of.year, []).append((a - b) * sure)
    if not by_year:
        return calibration, 0.0
    mean = float(np.mean([np.mean(misses) for misses in by_year.values()]))
    season = mean * len(by_year) / (len(by_year) + PRIOR_YEARS)
    return replace(calibration, shift=calibration.shift + season), season


def _miss(
    churn: RecurringChurn, calibration: Calibration, rows: ContractRows
) -> tuple[float, float] | None:
    """Return by how much log-odds missed the share that churned, and its variance."""
    n_churned = float(rows.churned.sum())
    if min(n_churned, len(rows.churned) - n_churned) < MIN_CHURNED:
        return None
    score = churn.decision_function(rows.X)
    share = n_churned / len(rows.churned)
    right = with_mean(calibration, score, share)
    variance = 1.0 / (len(rows.churned) * share * (1.0 - share))
    return right.shift - calibration.shift, variance


def step_up(
    calibration: Calibration, churn: RecurringChurn, X: pd.DataFrame, *, ratio: float
) -> Calibration:
    """Go from the days learnt from to the days foretold."""
    if ratio == 1.0:
        return calibration
    score = churn.decision_function(X)
    p = calibration(score)
    mean = float(np.mean(1.0 - (1.0 - p) ** ratio))
    return with_mean(calibration, score, min(max(mean, 1e-6), 1.0 - 1e-6))
