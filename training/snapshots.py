"""Features and labels of many origins, built in one go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from features.engine import FeaturePlan, build_features, to_naive_utc
from features.frame import to_frame
from features.labels import build_labels
from features.tables import Log
from training.schedule import Origin

LEAST_CUSTOMERS = 30
"""Customers that a snapshot needs to say anything."""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The feature tables of some instants, and the labels of some origins.

    Parameters
    ----------
    features : dict
        ``as_of`` to a frame indexed by ``customer_id``.
    labels : dict
        ``Origin`` to a frame with ``churned`` (0, 1), ``value``, ``n_orders``, in the
        order of the features.
    """

    features: dict[datetime, pd.DataFrame]
    labels: dict[Origin, pd.DataFrame]


def build_snapshots(
    log: Log, plan: FeaturePlan, *, as_of: datetime, origins: Iterable[Origin]
) -> Snapshots:
    """Build the features of ``as_of`` and of every origin, and the origins' labels."""
    wanted = sorted(set(origins), key=lambda o: (o.as_of, o.horizon_days))
    instants = sorted({as_of, *(origin.as_of for origin in wanted)})
    built = to_frame(build_features(log, plan, as_of=instants))
    by_instant = {instant: _at(built, instant) for instant in instants}
    windows = [(o.as_of, timedelta(days=o.horizon_days)) for o in wanted]
    known = to_frame(build_labels(log, windows)) if windows else pd.DataFrame()
    labels = {}
    for origin in wanted:
        rows = _at(known, origin.as_of)
        rows = rows[rows["horizon_days"] == origin.horizon_days]
        rows = rows.reindex(by_instant[origin.as_of].index)
        labels[origin] = rows.astype({"churned": np.float64})
    return Snapshots(by_instant, labels)


def _at(frame: pd.DataFrame, instant: datetime) -> pd.DataFrame:
    at = frame.index.get_level_values("as_of") == pd.Timestamp(to_naive_utc(instant))
    return frame[at].droplevel("as_of").sort_index()
