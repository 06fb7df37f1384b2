"""Prove on a log that no feature sees the future, by altering it and building again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from features.door.log import Log
from models.kind import Plan
from training.audit.alteration import ALTERATIONS, altered_logs
from training.audit.evidence import Evidence
from training.audit.leaky_columns import Suspicions, find_leaky_columns
from training.origin import Progress, silent


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
        return max((feature.max_difference for feature in self.moved), default=0.0)


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
        return all(rebuild.blind for rebuild in self.rebuilds)

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
            "rebuilds": [_rebuild_values(rebuild) for rebuild in self.rebuilds],
            "suspicions": self.suspicions.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Subject:
    """What of a kind of churn is audited.

    Parameters
    ----------
    as_of : datetime
    tables : tuple of str
        Those that the features are made of, the one with the customers first.
    plan : callable
        Makes the plan of the features from a log.
    build : callable
        Builds the features of a plan from a log, with ``customer_id``.
    gather : callable
        Returns the customers of an origin of the past, and who of them churned.
    """

    as_of: datetime
    tables: tuple[str, ...]
    plan: Callable[[Log], Plan]
    build: Callable[[Log, Any], pa.Table]
    gather: Callable[[Any], Evidence]


def audit(log: Log, subject: Subject, *, progress: Progress = silent) -> Audit:
    """Alter what an instant must not see, build again, and look for what knows more.

    Parameters
    ----------
    log : Log
        Is left as it is.
    subject : Subject
    progress : callable
        Is called with what is done next.

    Returns
    -------
    Audit

    Raises
    ------
    DataError
        If there is nobody before the instant.
    """
    progress(f"Planning the features as of {subject.as_of:%Y-%m-%d}")
    plan = subject.plan(log)
    before, rebuilds = rebuild(log, plan, subject, progress=progress)
    progress("Looking for columns that know the answer")
    suspicions = find_leaky_columns(log, subject.gather(plan))
    n_customers, n_features = before.num_rows, len(plan.names)
    return Audit(subject.as_of, n_customers, n_features, rebuilds, suspicions)


def rebuild(
    log: Log,
    plan: Plan,
    subject: Subject,
    *,
    progress: Progress = silent,
    alterations: Sequence[str] = tuple(ALTERATIONS),
) -> tuple[pa.Table, tuple[Rebuild, ...]]:
    """Build the features of a log, then those of the log altered in several ways.

    Returns
    -------
    Table, tuple of Rebuild
        The features of the log as it is, and how each altered log's differ.
    """
    as_of, tables = subject.as_of, subject.tables
    progress(f"Building the features as of {as_of:%Y-%m-%d}")
    before = subject.build(log, plan)
    rebuilds = []
    with altered_logs(log, as_of=as_of, tables=tables, names=alterations) as worlds:
        for name in alterations:
            progress(f"Building them again, hidden rows {name}")
            world = next(worlds)
            after = subject.build(world.log, plan)
            n_compared, differ, moved = compare(before, after)
            rebuilds.append(
                Rebuild(
                    alteration=name,
                    rows_altered=world.rows,
                    n_compared=n_compared,
                    n_customers_differ=differ,
                    moved=moved,
                    plan_parts_moved=_parts_moved(plan, subject.plan(world.log)),
                )
            )
    return before, tuple(rebuilds)


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
    shared, rows_before, rows_after = np.intersect1d(*ids, return_indices=True)
    differ = len(ids[0]) + len(ids[1]) - 2 * len(shared)
    names = [n for n in before.column_names if n not in ("customer_id", "as_of")]
    moved = []
    for name in names:
        old = _values(before, name, rows_before)
        new = _values(after, name, rows_after)
        differs = old.view(np.int64) != new.view(np.int64)
        if differs.any():
            gap = np.abs(old[differs] - new[differs])
            largest = float(np.where(np.isnan(gap), np.inf, gap).max())
            moved.append(MovedFeature(name, int(differs.sum()), largest))
    moved.sort(key=lambda m: (-m.n_customers, m.name))
    return len(shared) * len(names), differ, tuple(moved)


def _parts_moved(plan: Plan, again: Plan) -> tuple[str, ...]:
    old, new = plan.to_dict(), again.to_dict()
    return tuple(part for part in old if old[part] != new[part])


def _values(table: pa.Table, name: str, rows: Any) -> Any:
    """Return a column with one NaN for every NULL, so that bits can be compared."""
    values = table[name].to_numpy(zero_copy_only=False)[rows].astype(np.float64)
    return np.where(np.isnan(values), np.nan, values)


def _rebuild_values(rebuild: Rebuild) -> dict[str, Any]:
    moved = [
        {**asdict(feature), "max_difference": _finite(feature.max_difference)}
        for feature in rebuild.moved
    ]
    return {
        **asdict(rebuild),
        "blind": rebuild.blind,
        "max_difference": _finite(rebuild.max_difference),
        "moved": moved,
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
