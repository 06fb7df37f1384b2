"""What is served to the customers of a log at an instant: the one door to the product.

A version is trained by the public driver and read back from its bundle, so what is
judged is what would be served: the gate has had its say.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.door.log_files import Log
from models.bundle.bundle import Bundle, load_bundle
from models.purchases.model import CustomerModel
from models.score.totals import total_interval
from models.tiers.abc import assign_tiers, fit_tiers
from training.train import TrainOptions, train

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Served:
    """What is said of each customer, and of all of them.

    Parameters
    ----------
    customers : Index
        ``customer_id``, the order of all that follows.
    p_buy, expected, low, high : ndarray of shape (n,)
        Probability of a purchase, expected value and the ends of its 90 % band.
    tier, stage : ndarray of shape (n,)
    total_band : tuple of float
        Between which the total value lies, nine times in ten.
    level_band : tuple of float or None
        The same of the share who buy; None where nothing is stated of it.
    basis : str
        What is served.
    seconds : float
        To train, the judging on the log's own holdout with it.
    """

    customers: pd.Index[str]
    p_buy: Floats
    expected: Floats
    low: Floats
    high: Floats
    tier: npt.NDArray[np.str_]
    stage: npt.NDArray[np.str_]
    total_band: tuple[float, float]
    level_band: tuple[float, float] | None
    basis: str
    seconds: float


def serve_from(
    log: Log, *, as_of: datetime, horizon: timedelta, folder: Path, seed: int = 0
) -> Served:
    """Train as of an instant into a folder, and score the customers of that instant."""
    began = time.monotonic()
    options = TrainOptions(horizon=horizon, seed=seed)
    train(log, as_of=as_of, folder=folder, options=options)
    seconds = time.monotonic() - began
    bundle = load_bundle(folder, version="0")
    model = bundle.model
    assert isinstance(model, CustomerModel)
    features = model.read(log, as_of=as_of)
    X = model.design(features)
    forecast = model.predict(X)
    quantity = model.tier_quantity(features)
    return Served(
        customers=features.index,
        p_buy=1.0 - forecast.churn_probability,
        expected=forecast.expected_value,
        low=forecast.value_low,
        high=forecast.value_high,
        tier=assign_tiers(quantity, fit_tiers(quantity)),
        stage=model.stage(X),
        total_band=total_interval(
            forecast.expected_value,
            forecast.value_low,
            forecast.value_high,
            spread=float(level_of(bundle).get("spread", 0.0)),
            churn_probability=forecast.churn_probability,
        ),
        level_band=None,
        basis=model.basis.name,
        seconds=seconds,
    )


def level_of(bundle: Bundle) -> Mapping[str, Any]:
    """Return what the card says of the level of buying."""
    level = bundle.card.get("level")
    return level if isinstance(level, Mapping) else {}
