"""Rolling-origin backtest: the recipe, fitted and judged at several earlier instants.

At each origin all is fitted anew on what was known then, and judged on what came after.
One holdout says how good the recipe was once; several say how much that varies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from features.door.log_files import Log
from features.errors import DataError
from models.purchases.clusters import BehaviourClusters
from training.core import Recipe
from training.fit import fit_customer_model
from training.grading import Holdout, judge
from training.schedule import NO_EMBARGO, Origin, holdout_origin, plan_schedule
from training.snapshots import build_snapshots
from training.spread import pool_tenths, spread_of, spread_tables
from training.train import TrainOptions

Progress = Callable[[str], None]

TOP_SHARE = 0.1
"""Share of the customers that makes a top list."""

LEAST_HISTORY, LEAST_STEP = 60, 7
"""Days of log before an origin, and between two of them."""


@dataclass(frozen=True, slots=True)
class OriginLook:
    """What was found at one origin.

    Parameters
    ----------
    holdout : Holdout
    clusters : dict
        How many, their ``silhouette`` and ``stability``.
    top : frozenset of str
        The customers with the most value at risk.
    """

    holdout: Holdout
    clusters: dict[str, float | int | None]
    top: frozenset[str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without the customers."""
        return {**self.holdout.to_dict(), "clusters": self.clusters}


@dataclass(frozen=True, slots=True)
class Backtest:
    """What was found at all origins, the oldest first.

    Parameters
    ----------
    looks : tuple of OriginLook
    horizon_days : int
        As asked; the origins look less far ahead where the history is short.
    embargo : timedelta
    """

    looks: tuple[OriginLook, ...]
    horizon_days: int
    embargo: timedelta

    def overlaps(self) -> list[float]:
        """Return the share of each top list that is in the next origin's."""
        tops = [look.top for look in self.looks]
        pairs = zip(tops[:-1], tops[1:], strict=True)
        return [len(top & later) / len(top) for top, later in pairs]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        holdouts = [look.holdout for look in self.looks]
        return {
            "horizon_days": self.horizon_days,
            "origin_horizon_days": holdouts[0].origin.horizon_days,
            "embargo_days": self.embargo / timedelta(days=1),
            "churn": spread_tables([holdout.churn for holdout in holdouts]),
            "value": spread_tables([holdout.value for holdout in holdouts]),
            "reliability": pool_tenths([h.reliability for h in holdouts]),
            "value_deciles": pool_tenths([h.deciles for h in holdouts]),
            "clusters": spread_tables([look.clusters for look in self.looks]),
            "slices": spread_tables([holdout.slices for holdout in holdouts]),
            "top_list_overlap": spread_of(self.overlaps()),
            "grades": [holdout.grade for holdout in holdouts],
            "origins": [look.to_dict() for look in self.looks],
        }


def choose_origins(
    *, starts_at: datetime, as_of: datetime, horizon_days: int, count: int
) -> tuple[Origin, ...]:
    """Choose the instants to judge at, the oldest first.

    Parameters
    ----------
    starts_at : datetime
        First row of the log.
    as_of : datetime
        The labels of the last origin end here.
    horizon_days : int
        How far ahead to look, where the history allows; else the question is put in
        small, as ``holdout_origin`` does.
    count : int
        The most there are to be.

    Returns
    -------
    tuple of Origin
        All look equally far ahead, and are at most that far apart. Before the oldest
        lies half the history of the newest, so that it is a fair likeness of it; where
        that leaves less than a week between two, there are fewer. None where the
        history is too short.
    """
    newest = holdout_origin(starts_at=starts_at, as_of=as_of, horizon_days=horizon_days)
    if newest is None:
        return ()
    history, days = (newest.as_of - starts_at).days, newest.horizon_days
    room = max(history - max(LEAST_HISTORY, history // 2), 0)
    number = min(count, 1 + room // LEAST_STEP)
    step = timedelta(days=min(days, room // max(number - 1, 1)))
    places = reversed(range(number))
    return tuple(Origin(newest.as_of - place * step, days) for place in places)


def backtest(
    log: Log,
    *,
    as_of: datetime,
    options: TrainOptions,
    origins: int = 3,
    embargo: timedelta = NO_EMBARGO,
    progress: Progress = lambda step: None,
) -> Backtest:
    """Fit and judge at several origins.

    Parameters
    ----------
    log : Log
    as_of : datetime
        End of what may be seen, labels included.
    options : TrainOptions
    origins : int
        The most there are to be.
    embargo : timedelta
        At each origin only labels that were over so long before it are learnt from.
    progress : callable
        Told what is done next.

    Returns
    -------
    Backtest

    Raises
    ------
    DataError
        If the history is too short for a single origin.
    """
    days = round(options.horizon / timedelta(days=1))
    chosen = [
        origin
        for origin in choose_origins(
            starts_at=log.starts_at, as_of=as_of, horizon_days=days, count=origins
        )
        if _can_fit(origin, log.starts_at, embargo=embargo)
    ]
    if not chosen:
        raise DataError(
            f"There are {(as_of - log.starts_at).days} days of history before "
            f"{as_of:%Y-%m-%d}.",
            needed="A backtest has to look both back and ahead from each instant.",
            todo="Bring a longer log, or choose a later --as-of or less --embargo.",
        )
    looks = [
        _look_from(log, origin, options, embargo=embargo, progress=progress)
        for origin in chosen
    ]
    return Backtest(tuple(looks), days, embargo)


def _can_fit(origin: Origin, starts_at: datetime, *, embargo: timedelta) -> bool:
    """Return whether there are snapshots to learn from, and one to judge them on."""
    if origin.as_of - embargo <= starts_at:
        return False
    schedule = plan_schedule(
        starts_at=starts_at,
        as_of=origin.as_of,
        horizon_days=origin.horizon_days,
        embargo=embargo,
    )
    return bool(schedule.snapshots and schedule.late_snapshots)


def _look_from(
    log: Log,
    origin: Origin,
    options: TrainOptions,
    *,
    embargo: timedelta,
    progress: Progress,
) -> OriginLook:
    def tell(step: str) -> None:
        progress(f"{origin.as_of:%Y-%m-%d}: {step}")

    fitted = fit_customer_model(
        log,
        as_of=origin.as_of,
        horizon_days=origin.horizon_days,
        recipe=Recipe(options.seed, options.parameters),
        progress=tell,
        embargo=embargo,
    )
    tell("judging on what came after")
    truth = build_snapshots(
        log, fitted.model.plan, as_of=origin.as_of, origins=[origin]
    )
    holdout = judge(fitted, truth.labels[origin], gate=options.gate)
    return OriginLook(
        holdout=holdout,
        clusters=_measure_clusters(fitted.model.clusters),
        top=_top_list(holdout, fitted.features.index),
    )


def _measure_clusters(clusters: BehaviourClusters) -> dict[str, float | int | None]:
    trial = next((each for each in clusters.trials_ if each.k == clusters.k_), None)
    return {
        "n_clusters": clusters.k_,
        "silhouette": None if trial is None else trial.silhouette,
        "stability": None if trial is None else trial.stability,
    }


def _top_list(holdout: Holdout, customers: pd.Index) -> frozenset[str]:
    """Return who has the most value at risk, equals by id."""
    at_risk = holdout.p * holdout.expected
    ids = customers.to_numpy(dtype=str)
    order = np.lexsort((ids, -at_risk))[: max(1, round(TOP_SHARE * len(ids)))]
    return frozenset(ids[order].tolist())
