"""The two models of a fit, and what is learnt of them on a later snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.parts.calibration import Calibration, choose_logistic, fit_money
from models.purchases.btyd import BuyingModel, design
from models.purchases.churn import ChurnModel
from models.purchases.intervals import ValueIntervals
from models.purchases.simple import BTYD, SimpleScore
from models.purchases.value import ValueModel
from training.fit.schedule import Schedule
from training.judge.metrics import churn_ranking, gini
from training.origin import MODEL, Origin, ThinHistoryError
from training.snapshots import LEAST_CUSTOMERS, Snapshots

Floats = npt.NDArray[np.float64]
Served = Mapping[str, str]
ChurnScore = ChurnModel | SimpleScore
ValueScore = ValueModel | SimpleScore

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


BOTH_MODELS: Served = {"churn": MODEL, "value": MODEL}


@dataclass(frozen=True, slots=True)
class Core:
    """The two models, and how each is mapped to the served scale."""

    churn: ChurnScore
    value: ValueScore
    churn_calibration: Calibration
    value_calibration: Calibration
    intervals: ValueIntervals


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is fitted, and how.

    Parameters
    ----------
    seed : int
    parameters : dict or None
        LightGBM's, where they differ.
    served : mapping
        ``churn`` and ``value`` to ``model``, or to the simple method in its place.
    """

    seed: int
    parameters: dict[str, Any] | None = None
    served: Served = field(default_factory=lambda: BOTH_MODELS)


def fit_pair(
    origins: Sequence[Origin],
    snapshots: Snapshots,
    place: pd.DataFrame,
    *,
    horizon_days: int,
    recipe: Recipe,
) -> tuple[ChurnScore, ValueScore, int]:
    """Fit churn and value side by side on the same rows.

    A simple method learns nothing but what is much and little where it is served:
    among the customers of ``place``.
    """
    X, labels = stack(origins, snapshots, horizon_days, seed=recipe.seed)

    def fit_churn() -> ChurnScore:
        if recipe.served["churn"] != MODEL:
            simple = SimpleScore(method=recipe.served["churn"], target="churn")
            return simple.fit(place)
        churn = ChurnModel(random_state=recipe.seed, parameters=recipe.parameters)
        return churn.fit(X, labels["churned"].to_numpy())

    def fit_value() -> ValueScore:
        if recipe.served["value"] != MODEL:
            simple = SimpleScore(method=recipe.served["value"], target="value")
            return simple.fit(place)
        value = ValueModel(random_state=recipe.seed, parameters=recipe.parameters)
        return value.fit(X, labels["value"].to_numpy())

    with ThreadPoolExecutor(max_workers=2) as pool:
        first, second = pool.submit(fit_churn), pool.submit(fit_value)
        return first.result(), second.result(), len(X)


def stack(
    origins: Sequence[Origin], snapshots: Snapshots, horizon_days: int, *, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of all snapshots that are large enough, and their labels."""
    parts: list[pd.DataFrame] = []
    peopled: list[Origin] = []
    for origin in origins:
        features = snapshots.features[origin.as_of]
        if len(features) < LEAST_CUSTOMERS:
            continue
        peopled.append(origin)
        buying = BuyingModel().fit(features)
        parts.append(design(features, buying, horizon_days))
    if not parts:
        raise ThinHistoryError(
            f"No snapshot before {origins[0].ends_at:%Y-%m-%d} has customers enough.",
            needed=f"At least {LEAST_CUSTOMERS}.",
            todo="Bring a longer log, or choose a later --as-of.",
        )
    X = pd.concat(parts, ignore_index=True)
    labels = pd.concat([snapshots.labels[o] for o in peopled], ignore_index=True)
    if len(X) > MOST_ROWS:
        rows = np.random.default_rng(seed).permutation(len(X))[:MOST_ROWS]
        X, labels = X.iloc[np.sort(rows)], labels.iloc[np.sort(rows)]
    return X, labels


def fit_late(schedule: Schedule, snapshots: Snapshots, *, recipe: Recipe) -> Core:
    """Learn blend, slope and bands where models of the time had not been."""
    late = schedule.late
    origins = schedule.late_snapshots
    if late is None or not origins:
        raise ThinHistoryError("The history is too short for a later snapshot.")
    days = late.horizon_days
    features = snapshots.features[late.as_of]
    X = design(features, BuyingModel().fit(features), days)
    churn, value, _ = fit_pair(origins, snapshots, X, horizon_days=days, recipe=recipe)
    labels = snapshots.labels[late]
    churned = labels["churned"].to_numpy(dtype=np.float64)
    spend = np.maximum(labels["value"].to_numpy(dtype=np.float64), 0.0)
    if isinstance(churn, ChurnModel):
        churn.blend(_best(CHURN_BLENDS, churn.parts(X), lambda s: _auc(churned, s)))
    if isinstance(value, ValueModel):
        value.blend(_best(VALUE_BLENDS, value.parts(X), lambda s: gini(spend, s)))
    score, log_value = churn.decision_function(X), value.predict_log(X)
    money = fit_money(log_value, spend)
    return Core(
        churn,
        value,
        choose_logistic(score, churned, seed=recipe.seed),
        money,
        ValueIntervals().fit(money(log_value), spend),
    )


def carry_over(late: Core, churn: ChurnScore, value: ValueScore) -> Core:
    """Put models fitted on all snapshots in the place of those that were judged.

    What BG/NBD says needs no slope: it is a probability, or money, already.
    """
    if isinstance(churn, ChurnModel) and isinstance(late.churn, ChurnModel):
        churn.blend(late.churn.weights_)
    if isinstance(value, ValueModel) and isinstance(late.value, ValueModel):
        value.blend(late.value.weights_)
    core = replace(late, churn=churn, value=value)
    if BTYD in churn.blend_ and len(churn.blend_) == 1:
        core = replace(core, churn_calibration=Calibration(0.0, 1.0, "logistic"))
    if BTYD in value.blend_ and len(value.blend_) == 1:
        core = replace(core, value_calibration=Calibration(0.0, 1.0, "exp"))
    return core


def _best(
    blends: Sequence[Sequence[float]], parts: Floats, judge: Callable[[Floats], float]
) -> Sequence[float]:
    figures = [judge(np.asarray(parts @ np.asarray(blend))) for blend in blends]
    best = int(np.argmax(figures))
    return blends[best] if figures[best] > figures[0] + CLEARLY else blends[0]


def _auc(churned: Floats, score: Floats) -> float:
    return churn_ranking(churned, score)["auc"]
