"""Fitting what is served, against LightGBM alone on the same rows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from features.door.log_files import LogSource, TableSource, read_log
from features.purchases.plan import FeaturePlan, plan_features
from models.parts.boosting import FIXED, PARAMETERS
from models.purchases.btyd import COLUMNS, NEEDED, BuyingModel, design
from models.purchases.churn import ChurnModel
from models.purchases.clusters import FEATURES
from models.purchases.value import TWEEDIE, ValueModel
from tests.bench.clock import timed
from tests.bench.features import AS_OF, HORIZON, generated
from tests.bench.rows import Row
from training.fit.pair import Recipe
from training.fit.purchases import fit_snapshots
from training.fit.schedule import Schedule, plan_schedule
from training.snapshots import Snapshots, build_snapshots

Floats = npt.NDArray[np.float64]

N_FEATURES = 80
"""Columns that the models see; a log of three columns has some more."""
N_ROUNDS = 200
THREE = ("customer_id", "occurred_at", "amount")
AT_LEAST = 1.5


@dataclass(frozen=True, slots=True)
class Matrix:
    """Every row of every training snapshot."""

    X: pd.DataFrame
    churned: Floats
    value: Floats


def training_rows(events: int = 1_000_000) -> list[Row]:
    """Fit all that is served, and the two models on every row."""
    with generated(events) as folder:
        plan, schedule, snapshots = _snapshots(folder)
    matrix = _stack(schedule, snapshots)
    theirs, _ = timed(_lightgbm_alone, matrix, times=1)
    whole, _ = timed(_fit_all, plan, schedule, snapshots, times=1)
    both, _ = timed(_fit_both, matrix, times=1)
    size = f"{len(matrix.X):,} snapshot rows, {matrix.X.shape[1]} features"
    return [
        _row(
            f"training, all that is served: {size}",
            (whole, theirs),
            "of the rows 60,000 are drawn; level, calibration, bands and clusters too",
        ),
        _row(
            f"churn and value on every row: {size}",
            (both, theirs),
            "with a logistic regression on ranks, side by side",
        ),
    ]


def _row(what: str, seconds: tuple[float, float], note: str) -> Row:
    ours, theirs = seconds
    return Row(
        what=what,
        against="lightgbm.train of both on the same matrix, a core each",
        ours_seconds=ours,
        theirs_seconds=theirs,
        ratio=f"{ours / theirs:.2f}x its time",
        at_least=f"{AT_LEAST}x",
        aim="1.2x",
        met=ours <= AT_LEAST * theirs,
        note=note,
    )


def _snapshots(folder: Path) -> tuple[FeaturePlan, Schedule, Snapshots]:
    """Build what a fit is made of, from a log of three columns."""
    short = folder / "three.parquet"
    files = sorted(map(str, folder.glob("transactions-*.parquet")))
    pq.write_table(pq.read_table(files, columns=list(THREE)), short)
    days = HORIZON.days
    with read_log(LogSource(TableSource(str(short))), now=AS_OF) as log:
        schedule = plan_schedule(
            starts_at=log.starts_at, as_of=AS_OF, horizon_days=days
        )
        plan = plan_features(log, as_of=AS_OF, horizon=HORIZON)
        built = build_snapshots(log, plan, as_of=AS_OF, origins=schedule.origins())
    needed = dict.fromkeys((*NEEDED, *FEATURES, *plan.names))
    names = list(needed)[: N_FEATURES - len(COLUMNS)]
    features = {at: frame[names].copy() for at, frame in built.features.items()}
    return plan, schedule, Snapshots(features, built.labels)


def _stack(schedule: Schedule, snapshots: Snapshots) -> Matrix:
    origins = schedule.snapshots
    frames = [snapshots.features[origin.as_of] for origin in origins]
    parts = [
        design(frame, BuyingModel().fit(frame), schedule.target.horizon_days)
        for frame in frames
    ]
    labels = pd.concat([snapshots.labels[origin] for origin in origins])
    return Matrix(
        pd.concat(parts, ignore_index=True),
        labels["churned"].to_numpy(dtype=np.float64),
        np.maximum(labels["value"].to_numpy(dtype=np.float64), 0.0),
    )


def _lightgbm_alone(matrix: Matrix) -> None:
    X = matrix.X.to_numpy(dtype=np.float64)

    def train(y: Floats, objective: dict[str, Any]) -> None:
        settings = {**PARAMETERS, **FIXED, **objective}
        lgb.train(settings, lgb.Dataset(X, y), N_ROUNDS)

    with ThreadPoolExecutor(2) as pool:
        list(
            pool.map(
                train,
                (matrix.churned, matrix.value),
                ({"objective": "binary"}, TWEEDIE),
            )
        )


def _fit_all(plan: FeaturePlan, schedule: Schedule, snapshots: Snapshots) -> Any:
    with threadpool_limits(1, "blas"):
        return fit_snapshots(plan, schedule, snapshots, recipe=Recipe(seed=0))


def _fit_both(matrix: Matrix) -> None:
    churn, value = ChurnModel(n_rounds=N_ROUNDS), ValueModel(n_rounds=N_ROUNDS)
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(2) as pool:
        fits = [
            pool.submit(churn.fit, matrix.X, matrix.churned),
            pool.submit(value.fit, matrix.X, matrix.value),
        ]
        for fit in fits:
            fit.result()
