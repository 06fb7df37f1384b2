"""Prove on a log that no feature sees the future, by altering it and building again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from features.door.log import Log
from features.purchases.build import build_features
from features.purchases.plan import FeaturePlan, plan_features
from training.alteration import ALTERATIONS, altered_logs
from training.schedule import Origin, late_origin
from training.suspects import Suspicions, find_suspects

Progress = Callable[[str], None]
Planner = Callable[[Log], FeaturePlan]


@dataclass(frozen=True, slots=True)
class MovedFeature:
    """A feature that saw what it must not see.

    Parameters
    ----------
    name : str
    n_customers : int
        Whose value is another one.
    max_difference : float
        Infinite where a value came or went.
    """

    name: str
    n_customers: int
    max_difference: float


@dataclass(frozen=True, slots=True)
class Rebuild:
    """The features of an altered log against those of the log.

    Parameters
    ----------
    alteration : str
        Key of ``ALTERATIONS``.
    rows_altered : dict
        Table to rows.
    n_compared : int
        Values compared: customers times features.
    n_customers_differ : int
        Customers that only one of the two has.
    moved : tuple of MovedFeature
        The most moved first.
    plan_parts_moved : tuple of str
        What a plan made from the altered log says otherwise.
    """

    alteration: str
    rows_altered: dict[str, int]
    n_compared: int
    n_customers_differ: int
    moved: tuple[MovedFeature, ...]
    plan_parts_moved: tuple[str, ...]

    @property
    def blind(self) -> bool:
        """Tell whether nothing moved, to the last bit."""
        return not (self.moved or self.n_customers_differ or self.plan_parts_moved)

    @property
    def max_difference(self) -> float:
        """Return by how much the most moved value differs."""
        return max((each.max_difference for each in self.moved), default=0.0)


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found.

    Parameters
    ----------
    as_of : datetime
    n_customers, n_features : int
        Of the feature table that was to stay.
    rebuilds : tuple of Rebuild
    suspicions : Suspicions
        Columns that know the answer of an origin in the past.
    """

    as_of: datetime
    n_customers: int
    n_features: int
    rebuilds: tuple[Rebuild, ...]
    suspicions: Suspicions

    @property
    def blind(self) -> bool:
        """Tell whether no feature and no part of the plan moved."""
        return all(each.blind for each in self.rebuilds)

    @property
    def clean(self) -> bool:
        """Tell whether the features are blind and no column knows the answer."""
        return self.blind and not self.suspicions.suspects

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; a value that came or went differs by null."""
        return {
            "clean": self.clean,
            "as_of": self.as_of.isoformat(),
            "n_customers": self.n_customers,
            "n_features": self.n_features,
            "blind": self.blind,
            "rebuilds": [_rebuild_values(each) for each in self.rebuilds],
            "suspicions": self.suspicions.to_dict(),
        }


def audit(
    log: Log,
    *,
    as_of: datetime | None,
    horizon: timedelta,
    planner: Planner | None = None,
    progress: Progress = lambda step: None,
) -> Audit:
    """Alter all that ``as_of`` must not see, build again, and look for what knows more.

    Parameters
    ----------
    log : Log
        Is left as it is.
    as_of : datetime or None
        None for the start of the last horizon in the log, or of what there is of one.
    horizon : timedelta
    planner : callable or None
        Makes the plan from a log; None for ``plan_features``.
    progress : callable
        Told what is done next.

    Returns
    -------
    Audit

    Raises
    ------
    DataError
        If there is no purchase before ``as_of``.
    """
    days = round(horizon / timedelta(days=1))
    instant = as_of or past_origin(log, log.ends_at, days).as_of

    def plan_for(each: Log) -> FeaturePlan:
        return plan_features(each, as_of=instant, horizon=horizon)

    progress(f"Planning the features as of {instant:%Y-%m-%d}")
    make = planner or plan_for
    plan = make(log)
    before, rebuilds = rebuild(
        log, plan, as_of=instant, planner=make, progress=progress
    )
    progress("Looking for columns that know the answer")
    found = find_suspects(log, plan, origin=past_origin(log, instant, days))
    return Audit(instant, before.num_rows, len(plan.names), rebuilds, found)


def rebuild(
    log: Log,
    plan: FeaturePlan,
    *,
    as_of: datetime,
    planner: Planner,
    progress: Progress = lambda step: None,
    alterations: Sequence[str] = tuple(ALTERATIONS),
) -> tuple[pa.Table, tuple[Rebuild, ...]]:
    """Build the features of a log, then those of the log altered in several ways.

    Returns
    -------
    Table, tuple of Rebuild
        The features of the log as it is, and how each altered log's differ.
    """
    progress(f"Building the features as of {as_of:%Y-%m-%d}")
    before = build_features(log, plan, as_of=[as_of])
    found = []
    with altered_logs(log, as_of=as_of, names=alterations) as worlds:
        for name in alterations:
            progress(f"Building them again, hidden rows {name}")
            world = next(worlds)
            after = build_features(world.log, plan, as_of=[as_of])
            n_compared, differ, moved = compare(before, after)
            found.append(
                Rebuild(
                    alteration=name,
                    rows_altered=world.rows,
                    n_compared=n_compared,
                    n_customers_differ=differ,
                    moved=moved,
                    plan_parts_moved=_parts_moved(plan, planner(world.log)),
                )
            )
    return before, tuple(found)


def past_origin(log: Log, as_of: datetime, days: int) -> Origin:
    """Return an origin with a known answer: ``as_of``, or one before it."""
    if as_of + timedelta(days=days) <= log.ends_at:
        return Origin(as_of, days)
    late = late_origin(starts_at=log.starts_at, as_of=log.ends_at, horizon_days=days)
    if late is not None:
        return late
    half = (log.ends_at - log.starts_at) // 2
    return Origin(log.starts_at + half, max(1, half.days))


def compare(
    before: pa.Table, after: pa.Table
) -> tuple[int, int, tuple[MovedFeature, ...]]:
    """Compare two feature tables of one plan, bit by bit.

    Returns
    -------
    int, int, tuple of MovedFeature
        Values compared, customers that only one has, and what moved.
    """
    ids = [t["customer_id"].to_numpy(zero_copy_only=False) for t in (before, after)]
    shared, left, right = np.intersect1d(*ids, return_indices=True)
    differ = len(ids[0]) + len(ids[1]) - 2 * len(shared)
    names = [n for n in before.column_names if n not in ("customer_id", "as_of")]
    moved = []
    for name in names:
        old = _values(before, name, left)
        new = _values(after, name, right)
        others = old.view(np.int64) != new.view(np.int64)
        if others.any():
            gap = np.abs(old[others] - new[others])
            largest = float(np.where(np.isnan(gap), np.inf, gap).max())
            moved.append(MovedFeature(name, int(others.sum()), largest))
    moved.sort(key=lambda m: (-m.n_customers, m.name))
    return len(shared) * len(names), differ, tuple(moved)


def _parts_moved(plan: FeaturePlan, again: FeaturePlan) -> tuple[str, ...]:
    old, new = plan.to_dict(), again.to_dict()
    return tuple(part for part in old if old[part] != new[part])


def _values(table: pa.Table, name: str, rows: Any) -> Any:
    """Return a column with one NaN for every NULL, so that bits can be compared."""
    values = table[name].to_numpy(zero_copy_only=False)[rows].astype(np.float64)
    return np.where(np.isnan(values), np.nan, values)


def _rebuild_values(rebuild: Rebuild) -> dict[str, Any]:
    moved = [
        {**asdict(each), "max_difference": _finite(each.max_difference)}
        for each in rebuild.moved
    ]
    return {
        **asdict(rebuild),
        "blind": rebuild.blind,
        "max_difference": _finite(rebuild.max_difference),
        "moved": moved,
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
