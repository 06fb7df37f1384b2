"""What trials of parameters are fitted on, and judged by."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from features.door.log import Log
from features.errors import DataError
from features.purchases.plan import plan_features
from models.purchases.btyd import BuyingModel, design
from models.purchases.churn import ChurnModel
from models.purchases.value import ValueModel
from training.core import CHURN_BLENDS, VALUE_BLENDS, stack
from training.metrics import churn_ranking, gini
from training.schedule import Schedule
from training.snapshots import build_snapshots

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bench:
    """What every trial is fitted on and judged by."""

    X: pd.DataFrame
    labels: pd.DataFrame
    X_late: pd.DataFrame
    churned: Floats
    spend: Floats

    def judge(self, parameters: dict[str, Any] | None, *, seed: int) -> float:
        """Return the mean of AUC and Gini at the later snapshot."""
        churn = ChurnModel(random_state=seed, parameters=parameters)
        value = ValueModel(random_state=seed, parameters=parameters)
        with ThreadPoolExecutor(max_workers=2) as pool:
            first = pool.submit(churn.fit, self.X, self.labels["churned"].to_numpy())
            second = pool.submit(value.fit, self.X, self.labels["value"].to_numpy())
            first.result(), second.result()
        score = churn.blend(CHURN_BLENDS[0]).decision_function(self.X_late)
        worth = value.blend(VALUE_BLENDS[0]).predict_log(self.X_late)
        auc = churn_ranking(self.churned, score)["auc"]
        return float((auc + gini(self.spend, worth)) / 2)


def make_bench(log: Log, schedule: Schedule, *, seed: int) -> Bench:
    """Build what the trials are fitted on and judged by.

    Parameters
    ----------
    log : Log
    schedule : Schedule
        Of the judged fit: its target is the holdout, of which nothing is read.
    seed : int
    """
    target, late = schedule.target, schedule.late
    if late is None or not schedule.late_snapshots:
        raise DataError("The history is too short to tune on a later snapshot.")
    horizon = timedelta(days=target.horizon_days)
    plan = plan_features(log, as_of=target.as_of, horizon=horizon)
    origins = (*schedule.late_snapshots, late)
    snapshots = build_snapshots(log, plan, as_of=late.as_of, origins=origins)
    days = late.horizon_days
    with threadpool_limits(1, "blas"):
        X, labels = stack(schedule.late_snapshots, snapshots, days, seed=seed)
        features = snapshots.features[late.as_of]
        X_late = design(features, BuyingModel().fit(features), days)
    known = snapshots.labels[late]
    value = known["value"].to_numpy(dtype=np.float64)
    churned = known["churned"].to_numpy(dtype=np.float64)
    return Bench(X, labels, X_late, churned, np.maximum(value, 0.0))
