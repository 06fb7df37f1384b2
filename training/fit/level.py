"""How much is bought in all: what BG/NBD foretells, corrected by what it missed before.

Which customers will buy is learnt from snapshots; how many will, from backtests of the
horizon itself. Where earlier years hold the same time of year, their miss is believed
by two fifths for one year, four sevenths for two. Else the misses of the last backtests
are believed as far as they agree with each other; where they could only ask the
question in small, their growth with the length of the history is extended, by half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

from models.purchases.btyd import BuyingModel
from training.fit.schedule import Schedule
from training.origin import Origin
from training.snapshots import LEAST_CUSTOMERS, Snapshots

Floats = npt.NDArray[np.float64]
FADE = 1.0
"""Looks after which one weighs a third of the newest, which is most like the target."""

PRIOR_YEARS = 1.5
"""Years of no miss that are held against the years looked at."""

LEAST_SPREAD = 0.05
"""Looks overlap, and agree with each other more than with what follows."""

DAMPING = 0.5
"""How far a growth of the misses is believed to go on."""


@dataclass(frozen=True, slots=True)
class Level:
    """Corrections to what BG/NBD with Gamma-Gamma foretells in all.

    Parameters
    ----------
    source : str
        ``seasonal``, ``recent`` or ``none``.
    looks : int
        Backtests that it comes from.
    active_shift : float
        To the log-odds of being active.
    value_factor, orders_factor : float
        To total spend, and to total orders.
    spread : float
        How far the logarithm of total value may be out: its standard deviation between
        looks, half of the correction, and ``LEAST_SPREAD``.
    """

    source: str
    looks: int
    active_shift: float
    value_factor: float
    orders_factor: float
    spread: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    def active_mean(self, p_active: Floats) -> float:
        """Return the share of customers to expect active."""
        mean = float(np.clip(p_active.mean(), 1e-4, 1 - 1e-4))
        return float(expit(logit(mean) + self.active_shift))


def learn_level(schedule: Schedule, snapshots: Snapshots) -> Level:
    """Backtest BG/NBD with Gamma-Gamma at the origins of level."""
    years = [_misses(looks, snapshots) for looks in schedule.seasonal]
    years = [year for year in years if len(year)]
    if years:
        mean = np.mean([year.mean(axis=0) for year in years], axis=0)
        belief = np.full(3, len(years) / (len(years) + PRIOR_YEARS))
        spread = float(np.vstack(years)[:, 1].std())
        looks = sum(len(year) for year in years)
        return _level("seasonal", looks, mean * belief, spread)
    recent = _peopled(schedule.recent, snapshots)
    if recent:
        misses = _misses(recent, snapshots)
        weights = np.exp(-np.arange(len(misses)) / FADE)
        mean = np.average(misses, axis=0, weights=weights)
        variance = np.average((misses - mean) ** 2, axis=0, weights=weights)
        variance = variance if len(misses) > 1 else mean**2
        belief = mean**2 / np.maximum(mean**2 + variance, 1e-12)
        spread = float(np.sqrt(variance[1]))
        shift = mean * belief + _growth(misses, recent, schedule)
        return _level("recent", len(misses), shift, spread)
    return Level("none", 0, 0.0, 1.0, 1.0, 0.0)


def _peopled(looks: Sequence[Origin], snapshots: Snapshots) -> list[Origin]:
    """Return the looks that saw customers enough."""
    return [
        look for look in looks if len(snapshots.features[look.as_of]) >= LEAST_CUSTOMERS
    ]


def _level(source: str, looks: int, shift: Floats, spread: float) -> Level:
    active, value, orders = np.clip(shift, -1.5, 1.5)
    spread = float(np.sqrt(spread**2 + (value / 2.0) ** 2 + LEAST_SPREAD**2))
    return Level(
        source,
        looks,
        float(active),
        float(np.exp(value)),
        float(np.exp(orders)),
        spread,
    )


def _growth(misses: Floats, looks: Sequence[Origin], schedule: Schedule) -> Floats:
    """Return how much more a question in large is missed than one in small."""
    target = schedule.target
    histories = [(look.as_of - schedule.starts_at).days for look in looks]
    in_small = looks[0].horizon_days < target.horizon_days
    if not in_small or len(histories) < 3:
        return np.zeros(3)
    length = np.log2(np.array(histories, dtype=np.float64))
    slope = np.polyfit(length, misses, 1)[0]
    ahead = np.log2((target.as_of - schedule.starts_at).days) - length[0]
    most = np.abs(misses[0])
    return np.asarray(np.clip(DAMPING * slope * ahead, -most, most))


def _misses(looks: Sequence[Origin], snapshots: Snapshots) -> Floats:
    """Return the misses of log-odds active, log value and log orders of each look."""
    return np.array(
        [
            _miss(look, snapshots.features[look.as_of], snapshots.labels[look])
            for look in _peopled(looks, snapshots)
        ]
    )


def _miss(
    look: Origin, features: pd.DataFrame, labels: pd.DataFrame
) -> tuple[float, float, float]:
    foretold = BuyingModel().fit(features).predict(features, days=look.horizon_days)
    active = np.clip(1.0 - labels["churned"].mean(), 1e-3, 1 - 1e-3)
    expected = np.clip(foretold["btyd_p_active"].mean(), 1e-3, 1 - 1e-3)
    value = max(float(labels["value"].sum()), 1e-9)
    orders = max(float(labels["n_orders"].sum()), 1e-9)
    return (
        float(logit(active) - logit(expected)),
        float(np.log(value / foretold["btyd_expected_value"].sum())),
        float(np.log(orders / foretold["btyd_expected_orders"].sum())),
    )
