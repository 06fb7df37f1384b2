"""What trials of LightGBM's parameters are fitted on, and judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from threadpoolctl import threadpool_limits

from features.door.log import Log
from features.errors import DataError
from features.purchases.plan import plan_features
from models.parts.boosting import PARAMETERS
from models.purchases.btyd import BuyingModel, design
from models.purchases.churn import ChurnModel
from models.purchases.value import ValueModel
from models.recurring.churn import BLENDS, PLAIN
from training.fit.choice import Parameters
from training.fit.pair import CHURN_BLENDS, VALUE_BLENDS, stack
from training.fit.schedule import Schedule
from training.judge.metrics import churn_ranking, gini
from training.origin import Origin
from training.snapshots import build_snapshots

Floats = npt.NDArray[np.float64]

USUAL_OF_BUYERS: Parameters = {"num_iterations": ChurnModel().n_rounds, **PARAMETERS}
USUAL_OF_PAYERS: Parameters = {**PLAIN, "extra_trees": False}
"""The parameters that a search has to beat."""


class JudgeTrial(Protocol):
    """Fits with some parameters, and says how good that is."""

    def __call__(self, parameters: dict[str, Any] | None, *, seed: int) -> float:
        """Return the mean of AUC and Gini where the fit had not been."""


@dataclass(frozen=True, slots=True)
class Trials:
    """What a search for parameters goes by.

    Parameters
    ----------
    study : str
        Its name; the same data and horizon go on with it.
    ends_at : datetime
        End of what is seen, exclusive: the holdout starts there.
    judged : Origin
        Where trials are judged.
    usual : mapping
        The parameters to beat.
    rounds : str
        What the number of trees is called among them.
    judge : callable
    """

    study: str
    ends_at: datetime
    judged: Origin
    usual: Parameters
    rounds: str
    judge: JudgeTrial


@dataclass(frozen=True, slots=True)
class BuyerTrials:
    """What every trial of purchases is fitted on and judged by."""

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
        return _mean_rank(self.churned, score, self.spend, worth)


def prepare_buyer_trials(log: Log, schedule: Schedule, *, seed: int) -> BuyerTrials:
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
    truth = snapshots.labels[late]
    value = truth["value"].to_numpy(dtype=np.float64)
    churned = truth["churned"].to_numpy(dtype=np.float64)
    return BuyerTrials(X, labels, X_late, churned, np.maximum(value, 0.0))


@dataclass(frozen=True, slots=True)
class PayerTrials:
    """What every trial of contracts or labels is judged by.

    Parameters
    ----------
    predict : callable
        Returns the log-odds of each part, of customers that the fit had not seen.
    amount : ndarray of shape (n,)
        What each would pay who stayed.
    churned, value : ndarray of shape (n,)
        What came.
    """

    predict: Callable[[Mapping[str, Any], int], Floats]
    amount: Floats
    churned: Floats
    value: Floats

    def judge(self, parameters: dict[str, Any] | None, *, seed: int) -> float:
        """Return the mean of AUC and Gini by the usual blend."""
        parts = self.predict({**PLAIN, **(parameters or {})}, seed)
        score = np.asarray((parts * np.asarray(BLENDS[0])).sum(axis=1))
        worth = self.amount * (1.0 - expit(score))
        return _mean_rank(self.churned, score, np.maximum(self.value, 0.0), worth)


def search_space(rounds: str) -> dict[str, Any]:
    """Return the distributions that parameters are drawn from.

    Parameters
    ----------
    rounds : str
        What the number of trees is called.
    """
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    return {
        "num_leaves": IntDistribution(3, 31, log=True),
        "learning_rate": FloatDistribution(0.01, 0.1, log=True),
        rounds: IntDistribution(100, 600, log=True),
        "feature_fraction": FloatDistribution(0.1, 0.9),
        "min_data_in_leaf": IntDistribution(20, 400, log=True),
        "lambda_l2": FloatDistribution(0.1, 100.0, log=True),
        "extra_trees": CategoricalDistribution([True, False]),
    }


def _mean_rank(churned: Floats, score: Floats, spend: Floats, worth: Floats) -> float:
    auc = churn_ranking(churned, score)["auc"]
    return float((auc + gini(spend, worth)) / 2)
