"""One training on one real log, judged on what came after."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from features.door.log_files import Log
from models.score.totals import total_interval
from models.tiers.definition.scheme import TIERS
from tests.bench.logs import RealLog
from training.fit.purchases import Fitted
from training.judge.holdout import Holdout
from training.kinds.purchases import PurchaseLearner
from training.origin import Origin
from training.train import TrainOptions, train


@dataclass(frozen=True, slots=True)
class Look:
    """What one seed gave on one log.

    Parameters
    ----------
    holdout : Holdout
    coverage : dict
        Tier, or ``all``, to the share of customers whose value lies in its band.
    total_held : bool
        Whether the interval of the total held the actual one.
    total_width : float
        Of that interval, over what was expected.
    basis : str
        What is served.
    seconds : float
        To train, the judging on the log's own holdout with it.
    """

    holdout: Holdout
    coverage: dict[str, float]
    total_held: bool
    total_width: float
    basis: str
    seconds: float


def look_at(log: Log, real: RealLog, *, seed: int, folder: Path) -> Look:
    """Train as of the log's instant, and judge on what came after."""
    began = time.monotonic()
    options = TrainOptions(horizon=real.horizon, seed=seed)
    trained = train(log, as_of=real.as_of, folder=folder, options=options)
    seconds = time.monotonic() - began
    origin = Origin(real.as_of, real.horizon // timedelta(days=1))
    fitted = trained.fitted
    assert isinstance(fitted, Fitted)
    learner = PurchaseLearner(log, as_of=real.as_of, options=options)
    holdout = learner.judge(fitted, origin)
    tiers = holdout.slices["tier"]
    low, high = total_of(fitted)
    return Look(
        holdout=holdout,
        coverage={"all": holdout.value["model"]["coverage"]}
        | {tier: tiers[tier]["coverage"] for tier in TIERS if tier in tiers},
        total_held=low <= holdout.outcome.value.sum() <= high,
        total_width=(high - low) / float(holdout.outcome.expected.sum()),
        basis=fitted.model.basis.name,
        seconds=seconds,
    )


def total_of(fitted: Fitted) -> tuple[float, float]:
    """Return the interval of what all customers will spend."""
    forecast = fitted.model.predict(fitted.model.design(fitted.features))
    return total_interval(
        forecast.expected_value,
        forecast.value_low,
        forecast.value_high,
        spread=fitted.level.spread,
        churn_probability=forecast.churn_probability,
    )
