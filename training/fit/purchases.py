"""Fit everything that is served, from what was known at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from features.door.log_files import Log
from features.purchases.plan import FeaturePlan, plan_features
from models.parts.calibration import with_mean
from models.purchases.btyd import BuyingModel, design
from models.purchases.clusters import BehaviourClusters, usual_of_clusters
from models.purchases.model import CustomerModel
from models.purchases.simple import BTYD, WORDS, SimpleScore
from models.score.forecast import Basis
from training.fit.level import Level, learn_level
from training.fit.pair import (
    Core,
    Recipe,
    carry_over,
    fit_late,
    fit_pair,
)
from training.fit.schedule import Schedule, plan_schedule
from training.origin import NO_EMBARGO, Progress, ThinHistoryError, silent
from training.snapshots import Snapshots, build_snapshots

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted model, and how it came about.

    Parameters
    ----------
    model : CustomerModel
    schedule : Schedule
    snapshots : Snapshots
    level : Level
    rows : int
        Training rows.
    """

    model: CustomerModel
    schedule: Schedule
    snapshots: Snapshots
    level: Level
    rows: int

    @property
    def features(self) -> pd.DataFrame:
        """Return the features at the instant of the fit."""
        return self.snapshots.features[self.schedule.target.as_of]


def fit_customer_model(
    log: Log,
    *,
    as_of: datetime,
    horizon_days: int,
    recipe: Recipe,
    progress: Progress,
    embargo: timedelta = NO_EMBARGO,
) -> Fitted:
    """Fit on what was known at ``as_of``.

    Parameters
    ----------
    log : Log
    as_of : datetime
        Nothing at or after it is seen, labels included.
    horizon_days : int
    recipe : Recipe
    progress : callable
        Told what is done next.
    embargo : timedelta
        Labels have to be over so long before ``as_of``.

    Returns
    -------
    Fitted

    Raises
    ------
    ThinHistoryError
        If the history is too short for a single snapshot.
    """
    schedule = plan_schedule(
        starts_at=log.starts_at,
        as_of=as_of,
        horizon_days=horizon_days,
        embargo=embargo,
    )
    if not schedule.snapshots or schedule.late is None:
        raise ThinHistoryError(
            f"There are {(as_of - log.starts_at).days} days of history before "
            f"{as_of:%Y-%m-%d}.",
            needed="A model needs at least 60 days.",
            todo="Bring a longer log, or choose a later --as-of.",
        )
    progress(
        f"features as of {as_of:%Y-%m-%d} and {len(schedule.origins())} days before"
    )
    plan = plan_features(log, as_of=as_of, horizon=timedelta(days=horizon_days))
    snapshots = build_snapshots(log, plan, as_of=as_of, origins=schedule.origins())
    with threadpool_limits(1, "blas"):  # small matrices: threads only wait for others
        return fit_snapshots(
            plan, schedule, snapshots, recipe=recipe, progress=progress
        )


def fit_snapshots(
    plan: FeaturePlan,
    schedule: Schedule,
    snapshots: Snapshots,
    *,
    recipe: Recipe,
    progress: Progress = silent,
) -> Fitted:
    """Fit on the snapshots of a schedule; see ``fit_customer_model``."""
    horizon_days = schedule.target.horizon_days
    progress(f"level of the next {horizon_days} days, by backtest")
    level = learn_level(schedule, snapshots)
    progress("churn and value on the earlier snapshots, judged on the later one")
    late = fit_late(schedule, snapshots, recipe=recipe)
    progress("churn and value on all snapshots")
    features = snapshots.features[schedule.target.as_of]
    buying = BuyingModel().fit(features)
    X = design(features, buying, plan.horizon_days)
    churn, value, rows = fit_pair(
        schedule.snapshots, snapshots, X, horizon_days=horizon_days, recipe=recipe
    )
    core = carry_over(late, churn, value)
    model = _assemble(core, plan, buying, X=X, level=level, seed=recipe.seed)
    return Fitted(model, schedule, snapshots, level, rows)


def _assemble(
    core: Core,
    plan: FeaturePlan,
    buying: BuyingModel,
    *,
    X: pd.DataFrame,
    level: Level,
    seed: int,
) -> CustomerModel:
    active = level.active_mean(X["btyd_p_active"].to_numpy(dtype=np.float64))
    total = float(X["btyd_expected_value"].mean()) * level.value_factor
    churn = with_mean(
        core.churn_calibration, core.churn.decision_function(X), 1.0 - active
    )
    log_value = core.value.predict_log(X)
    value = with_mean(core.value_calibration, log_value, total)
    clusters = BehaviourClusters(random_state=seed).fit(X)
    return CustomerModel(
        plan=plan,
        buying=buying,
        churn=core.churn,
        value=core.value,
        churn_calibration=churn,
        value_calibration=value,
        order_level=level.orders_factor,
        intervals=core.intervals.place(value(log_value)),
        clusters=clusters,
        usual=usual_of_clusters(X, clusters.predict(X)),
        basis=_basis(core),
    )


def _basis(core: Core) -> Basis:
    """Say what the scores stand on."""
    simple = {
        target: score.method
        for target, score in (("churn", core.churn), ("value", core.value))
        if isinstance(score, SimpleScore)
    }
    if simple:
        methods = " and ".join(
            f"{target} by {WORDS[target][method]}" for target, method in simple.items()
        )
        return Basis(
            _name_of(simple),
            f"{methods}: on a later period the model was no better than simple methods",
        )
    if not core.churn.blend_.get(BTYD):
        return Basis("model", "LightGBM and a logistic regression on ranks")
    return Basis(
        "blend", "LightGBM, a logistic regression on ranks and BG/NBD, blended"
    )


def _name_of(simple: Mapping[str, str]) -> str:
    if len(simple) == 1:
        return "blend"
    return BTYD if set(simple.values()) == {BTYD} else "rule"
