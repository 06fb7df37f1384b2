"""Rolling-origin backtest: the recipe, fitted and judged at several earlier instants.

At each origin all is fitted anew on what was known then, and judged on what came after.
One holdout says how good the recipe was once; several say how much that varies.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from features.errors import DataError
from models.kind import Clusters
from training.judge.holdout import Holdout
from training.judge.metrics import reliability, value_deciles
from training.judge.variation import pool_tenths, spread_of, spread_tables
from training.kinds import find_learner
from training.kinds.learner import Learner, TrainOptions
from training.origin import NO_EMBARGO, Origin, Progress, silent

if TYPE_CHECKING:
    from features.door.log import Log

TOP_SHARE = 0.1
"""Share of the customers that makes a top list."""


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
        outcomes = [holdout.outcome for holdout in holdouts]
        return {
            "horizon_days": self.horizon_days,
            "origin_horizon_days": holdouts[0].origin.horizon_days,
            "embargo_days": self.embargo / timedelta(days=1),
            "churn": spread_tables([holdout.churn for holdout in holdouts]),
            "value": spread_tables([holdout.value for holdout in holdouts]),
            "reliability": pool_tenths([reliability(o.churned, o.p) for o in outcomes]),
            "value_deciles": pool_tenths(
                [value_deciles(o.value, o.expected) for o in outcomes]
            ),
            "clusters": spread_tables([look.clusters for look in self.looks]),
            "slices": spread_tables([holdout.slices for holdout in holdouts]),
            "top_list_overlap": spread_of(self.overlaps()),
            "grades": [holdout.grade for holdout in holdouts],
            "origins": [look.to_dict() for look in self.looks],
        }


def backtest(
    log: Log,
    *,
    as_of: datetime,
    options: TrainOptions,
    origins: int = 3,
    embargo: timedelta = NO_EMBARGO,
    progress: Progress = silent,
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
    learner = find_learner(options.kind, act="backtest")(
        log, as_of=as_of, options=options
    )
    chosen = learner.origins(origins, embargo=embargo)
    if not chosen:
        raise DataError(
            f"There are {(as_of - log.starts_at).days} days of history before "
            f"{as_of:%Y-%m-%d}.",
            needed="A backtest has to look both back and ahead from each instant.",
            todo="Bring a longer log, or choose a later --as-of or less --embargo.",
        )
    with threadpool_limits(1, "blas"):  # small matrices: threads only wait for others
        looks = [
            _look_from(learner, origin, embargo=embargo, progress=progress)
            for origin in chosen
        ]
    return Backtest(tuple(looks), options.horizon_days, embargo)


def _look_from(
    learner: Learner, origin: Origin, *, embargo: timedelta, progress: Progress
) -> OriginLook:
    def tell(step: str) -> None:
        progress(f"{origin.as_of:%Y-%m-%d}: {step}")

    fitted = learner.fit_before(origin, progress=tell, embargo=embargo)
    tell("judging on what came after")
    holdout = learner.judge(fitted, origin)
    return OriginLook(
        holdout=holdout,
        clusters=_measure_clusters(fitted.model.clusters),
        top=_top_list(holdout, fitted.features.index),
    )


def _measure_clusters(clusters: Clusters) -> dict[str, float | int | None]:
    k = len(clusters.clusters_)
    trial = next((trial for trial in clusters.trials_ if trial.k == k), None)
    return {
        "n_clusters": k,
        "silhouette": None if trial is None else trial.silhouette,
        "stability": None if trial is None else trial.stability,
    }


def _top_list(holdout: Holdout, customers: pd.Index) -> frozenset[str]:
    """Return who has the most value at risk, equals by id."""
    at_risk = holdout.outcome.p * holdout.outcome.expected
    ids = customers.to_numpy(dtype=str)
    order = np.lexsort((ids, -at_risk))[: max(1, round(TOP_SHARE * len(ids)))]
    return frozenset(ids[order].tolist())
