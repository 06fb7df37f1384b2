"""The two models of a fit, and what is learnt of them on a later snapshot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import DataError
from models.buying import BuyingModel
from models.calibration import Calibration, fit_logistic, fit_money
from models.churn import ChurnModel
from models.customer_model import design
from models.intervals import ValueIntervals
from models.value import ValueModel
from training.metrics import churn_ranking, gini
from training.schedule import Origin, Schedule
from training.snapshots import LEAST_CUSTOMERS, Snapshots

Floats = npt.NDArray[np.float64]

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


def fit_pair(
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


def fit_late(
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
    churn, value, _ = fit_pair(
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


def only(core: Core, served: Sequence[str]) -> Core:
    """Put BG/NBD with Gamma-Gamma in the place of what did not pass its gate."""
    if "churn" not in served:
        core.churn.blend(BTYD_ONLY[0])
        core = replace(core, churn_calibration=Calibration(0.0, 1.0, "logistic"))
    if "value" not in served:
        core.value.blend(BTYD_ONLY[1])
        core = replace(core, value_calibration=Calibration(0.0, 1.0, "exp"))
    return core
