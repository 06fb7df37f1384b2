"""Fit everything that is served, from what was known at one instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from features.engine import FeaturePlan, plan_features
from features.errors import DataError
from features.tables import Log
from models.buying import BuyingModel
from models.calibration import Calibration, fit_logistic, fit_money, with_mean
from models.churn import ChurnModel
from models.clusters import BehaviourClusters
from models.customer_model import Basis, CustomerModel, design, usual_of_clusters
from models.intervals import ValueIntervals
from models.value import ValueModel
from training.level import Level, learn_level
from training.metrics import churn_ranking, gini
from training.schedule import NO_EMBARGO, Origin, Schedule, plan_schedule
from training.snapshots import LEAST_CUSTOMERS, Snapshots, build_snapshots

Floats = npt.NDArray[np.float64]
Progress = Callable[[str], None]

MOST_ROWS = 60_000
"""Training rows beyond which more customers add no accuracy, only time."""

CHURN_BLENDS = (
    (1 / 3, 1 / 3, 1 / 3),
    (0.5, 0.5, 0.0),
    (1.0, 0.0, 0.0),
    (0.0, 1.0, 0.0),
    (0.25, 0.25, 0.5),
)
VALUE_BLENDS = ((0.8, 0.2), (1.0, 0.0), (0.6, 0.4))
"""The first is the one to beat: another has to be better by ``CLEARLY``."""

CLEARLY = 0.005
BTYD_ONLY = ((0.0, 0.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Core:
    """The two models, and how each is mapped to the served scale."""

    churn: ChurnModel
    value: ValueModel
    churn_calibration: Calibration
    value_calibration: Calibration
    intervals: ValueIntervals


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
    seed: int,
    progress: Progress,
    served: Sequence[str] = ("churn", "value"),
    parameters: dict[str, Any] | None = None,
    embargo: timedelta = NO_EMBARGO,
) -> Fitted:
    """Fit on what was known at ``as_of``.

    Parameters
    ----------
    log : Log
    as_of : datetime
        Nothing at or after it is seen, labels included.
    horizon_days : int
    seed : int
    progress : callable
        Told what is done next.
    served : sequence of str
        The models that passed their gate; BG/NBD with Gamma-Gamma stands in for others.
    parameters : dict or None
        LightGBM's, where they differ.
    embargo : timedelta
        Labels have to be over so long before ``as_of``.

    Returns
    -------
    Fitted

    Raises
    ------
    DataError
        If the history is too short for a single snapshot.
    """
    schedule = plan_schedule(
        starts_at=log.starts_at,
        as_of=as_of,
        horizon_days=horizon_days,
        embargo=embargo,
    )
    if not schedule.snapshots or schedule.late is None:
        raise DataError(
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
            plan,
            schedule,
            snapshots,
            seed=seed,
            progress=progress,
            served=served,
            parameters=parameters,
        )


def fit_snapshots(
    plan: FeaturePlan,
    schedule: Schedule,
    snapshots: Snapshots,
    *,
    seed: int,
    progress: Progress = lambda step: None,
    served: Sequence[str] = ("churn", "value"),
    parameters: dict[str, Any] | None = None,
) -> Fitted:
    """Fit on the snapshots of a schedule; see ``fit_customer_model``."""
    horizon_days = schedule.target.horizon_days
    progress(f"level of the next {horizon_days} days, by backtest")
    level = learn_level(schedule, snapshots)
    progress("churn and value on the earlier snapshots, judged on the later one")
    late = _fit_late(schedule, snapshots, seed=seed, parameters=parameters)
    progress("churn and value on all snapshots")
    churn, value, rows = _fit_pair(
        schedule.snapshots, snapshots, horizon_days, seed=seed, parameters=parameters
    )
    core = replace(
        late,
        churn=churn.blend(late.churn.weights_),
        value=value.blend(late.value.weights_),
    )
    features = snapshots.features[schedule.target.as_of]
    model = _assemble(
        _only(core, served), plan, features=features, level=level, seed=seed
    )
    return Fitted(model, schedule, snapshots, level, rows)


def _fit_pair(
    origins: Sequence[Origin],
    snapshots: Snapshots,
    horizon_days: int,
    *,
    seed: int,
    parameters: dict[str, Any] | None,
) -> tuple[ChurnModel, ValueModel, int]:
    """Fit churn and value side by side on the same rows."""
    X, labels = stack(origins, snapshots, horizon_days, seed=seed)
    churn = ChurnModel(random_state=seed, parameters=parameters)
    value = ValueModel(random_state=seed, parameters=parameters)
    with ThreadPoolExecutor(max_workers=2) as pool:
        first = pool.submit(churn.fit, X, labels["churned"].to_numpy())
        second = pool.submit(value.fit, X, labels["value"].to_numpy())
        return first.result(), second.result(), len(X)


def stack(
    origins: Sequence[Origin], snapshots: Snapshots, horizon_days: int, *, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of all snapshots that are large enough, and their labels."""
    parts: list[pd.DataFrame] = []
    kept: list[Origin] = []
    for origin in origins:
        features = snapshots.features[origin.as_of]
        if len(features) < LEAST_CUSTOMERS:
            continue
        kept.append(origin)
        buying = BuyingModel().fit(features)
        parts.append(design(features, buying, horizon_days))
    if not parts:
        raise DataError(
            f"No snapshot before {origins[0].ends_at:%Y-%m-%d} has customers enough.",
            needed=f"At least {LEAST_CUSTOMERS}.",
            todo="Bring a longer log, or choose a later --as-of.",
        )
    X = pd.concat(parts, ignore_index=True)
    labels = pd.concat([snapshots.labels[o] for o in kept], ignore_index=True)
    if len(X) > MOST_ROWS:
        rows = np.random.default_rng(seed).permutation(len(X))[:MOST_ROWS]
        X, labels = X.iloc[np.sort(rows)], labels.iloc[np.sort(rows)]
    return X, labels


def _fit_late(
    schedule: Schedule,
    snapshots: Snapshots,
    *,
    seed: int,
    parameters: dict[str, Any] | None,
) -> Core:
    """Learn blend, slope and bands where models of the time had not been."""
    late = schedule.late
    origins = schedule.late_snapshots
    if late is None or not origins:
        raise DataError("The history is too short for a later snapshot.")
    days = late.horizon_days
    churn, value, _ = _fit_pair(
        origins, snapshots, days, seed=seed, parameters=parameters
    )
    features = snapshots.features[late.as_of]
    X = design(features, BuyingModel().fit(features), days)
    labels = snapshots.labels[late]
    churned = labels["churned"].to_numpy(dtype=np.float64)
    spend = np.maximum(labels["value"].to_numpy(dtype=np.float64), 0.0)
    churn.blend(_best(CHURN_BLENDS, churn.parts(X), lambda s: _auc(churned, s)))
    value.blend(_best(VALUE_BLENDS, value.parts(X), lambda s: gini(spend, s)))
    score, log_value = churn.decision_function(X), value.predict_log(X)
    money = fit_money(log_value, spend)
    return Core(
        churn,
        value,
        fit_logistic(score, churned),
        money,
        ValueIntervals().fit(money(log_value), spend),
    )


def _best(
    blends: Sequence[Sequence[float]], parts: Floats, judge: Callable[[Floats], float]
) -> Sequence[float]:
    found = [judge(np.asarray(parts @ np.asarray(blend))) for blend in blends]
    best = int(np.argmax(found))
    return blends[best] if found[best] > found[0] + CLEARLY else blends[0]


def _auc(churned: Floats, score: Floats) -> float:
    return churn_ranking(churned, score)["auc"]


def _only(core: Core, served: Sequence[str]) -> Core:
    """Put BG/NBD with Gamma-Gamma in the place of what did not pass its gate."""
    if "churn" not in served:
        core.churn.blend(BTYD_ONLY[0])
        core = replace(core, churn_calibration=Calibration(0.0, 1.0, "logistic"))
    if "value" not in served:
        core.value.blend(BTYD_ONLY[1])
        core = replace(core, value_calibration=Calibration(0.0, 1.0, "exp"))
    return core


def _assemble(
    core: Core,
    plan: FeaturePlan,
    *,
    features: pd.DataFrame,
    level: Level,
    seed: int,
) -> CustomerModel:
    buying = BuyingModel().fit(features)
    X = design(features, buying, plan.horizon_days)
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
    trees, ranks, btyd = core.churn.weights_
    refused = {
        "churn by BG/NBD": trees + ranks == 0,
        "value by BG/NBD with Gamma-Gamma": core.value.weights_[0] == 0,
    }
    if any(refused.values()):
        simple = " and ".join(name for name, is_so in refused.items() if is_so)
        return Basis(
            "btyd" if all(refused.values()) else "blend",
            f"{simple}: on a later period the model was no better than simple methods",
        )
    if btyd == 0:
        return Basis("model", "LightGBM and a logistic regression on ranks")
    return Basis(
        "blend", "LightGBM, a logistic regression on ranks and BG/NBD, blended"
    )
