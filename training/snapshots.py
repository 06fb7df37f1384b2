"""Features and labels of many origins, built in one go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from features.door.log_files import Log
from features.instants import to_naive_utc
from features.purchases.build import build_features
from features.purchases.frame import to_frame
from features.purchases.labels import build_labels
from features.purchases.plan import FeaturePlan
from training.origin import Origin

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
    """Build the features of ``as_of`` and of every origin, and the origins' labels.

    Labels that are over at ``as_of`` are what was known of them there; those that are
    not are what came.
    """
    wanted = sorted(set(origins), key=lambda o: (o.as_of, o.horizon_days))
    instants = sorted({as_of, *(origin.as_of for origin in wanted)})
    built = to_frame(build_features(log, plan, as_of=instants))
    by_instant = {instant: _at(built, instant) for instant in instants}
    over = [origin for origin in wanted if origin.ends_at <= as_of]
    ahead = [origin for origin in wanted if origin.ends_at > as_of]
    labels = {
        **_label(log, over, by_instant, known_before=as_of),
        **_label(log, ahead, by_instant, known_before=None),
    }
    return Snapshots(by_instant, {origin: labels[origin] for origin in wanted})


def _label(
    log: Log,
    origins: Sequence[Origin],
    features: Mapping[datetime, pd.DataFrame],
    *,
    known_before: datetime | None,
) -> dict[Origin, pd.DataFrame]:
    if not origins:
        return {}
    windows = [(o.as_of, timedelta(days=o.horizon_days)) for o in origins]
    label_rows = to_frame(build_labels(log, windows, known_before=known_before))
    labels = {}
    for origin in origins:
        rows = _at(label_rows, origin.as_of)
        rows = rows[rows["horizon_days"] == origin.horizon_days]
        rows = rows.reindex(features[origin.as_of].index)
        labels[origin] = rows.astype({"churned": np.float64})
    return labels


def _at(frame: pd.DataFrame, instant: datetime) -> pd.DataFrame:
    at = frame.index.get_level_values("as_of") == pd.Timestamp(to_naive_utc(instant))
    return frame[at].droplevel("as_of").sort_index()
