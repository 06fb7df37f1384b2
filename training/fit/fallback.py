"""Fit what needs no labels: where the log cannot carry a judged model.

BG/NBD with Gamma-Gamma needs no labels, so it is served where there is no later period
to judge a model on; below the published minimum nothing is predicted, and tiers, stages
and clusters are served alone. Either says so in ``score_basis``.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from features.door.log import Log
from features.purchases.plan import plan_features
from features.purchases.readiness import Readiness
from models.parts.calibration import Calibration
from models.purchases.btyd import BuyingModel, design
from models.purchases.clusters import BehaviourClusters, usual_of_clusters
from models.purchases.draws import draw_value
from models.purchases.intervals import LEAST_GROUP, ValueIntervals
from models.purchases.model import CustomerModel
from models.purchases.simple import BTYD, SimpleScore
from models.score.forecast import INSUFFICIENT, Basis
from training.fit.level import Level
from training.fit.purchases import Fitted
from training.fit.schedule import Schedule
from training.origin import Origin
from training.snapshots import build_snapshots

MIN_DRAWS = 5_000
"""Draws that bands are made of, at least."""


def choose_basis(readiness: Readiness) -> Basis:
    """Say what a log that cannot carry a judged model can carry, and why."""
    if readiness.ready:
        return Basis(
            BTYD,
            "BG/NBD with Gamma-Gamma: there is no later period with customers enough "
            "to judge a model on",
        )
    short = [minimum for minimum in readiness.minimums if not minimum.met]
    counts = ", ".join(
        f"{minimum.name}: {minimum.found:,} of {minimum.needed:,}" for minimum in short
    )
    return Basis(INSUFFICIENT, f"the log is below what a prediction needs: {counts}")


def fit_without_labels(
    log: Log, *, as_of: datetime, horizon_days: int, seed: int, basis: Basis
) -> Fitted:
    """Fit what needs no labels, on what was known at ``as_of``.

    Parameters
    ----------
    log : Log
    as_of : datetime
    horizon_days : int
    seed : int
    basis : Basis
        ``btyd``, or ``insufficient``, and why.

    Returns
    -------
    Fitted
        Without snapshots, and with no correction of the level.

    Raises
    ------
    DataError
        If nobody bought before ``as_of``.
    """
    plan = plan_features(log, as_of=as_of, horizon=timedelta(days=horizon_days))
    snapshots = build_snapshots(log, plan, as_of=as_of, origins=[])
    features = snapshots.features[as_of]
    buying = BuyingModel().fit(features)
    X = design(features, buying, horizon_days)
    value = SimpleScore(method="btyd", target="value").fit(X)
    money = Calibration(0.0, 1.0, "exp")
    expected = money(value.predict_log(X))
    times = -(-MIN_DRAWS // len(X))
    drawn = [
        draw_value(buying, X, days=horizon_days, seed=seed + k) for k in range(times)
    ]
    groups = int(np.clip(len(X) // LEAST_GROUP, 1, 10))
    bands = ValueIntervals(n_groups=groups)
    bands.fit(np.tile(expected, times), np.concatenate(drawn))
    clusters = BehaviourClusters(random_state=seed).fit(X)
    model = CustomerModel(
        plan=plan,
        buying=buying,
        churn=SimpleScore(method="btyd", target="churn").fit(X),
        value=value,
        churn_calibration=Calibration(0.0, 1.0, "logistic"),
        value_calibration=money,
        order_level=1.0,
        intervals=bands,
        clusters=clusters,
        usual=usual_of_clusters(X, clusters.predict(X)),
        basis=basis,
    )
    target = Origin(as_of, horizon_days)
    schedule = Schedule(log.starts_at, target, None, (), (), (), ())
    level = Level("none", 0, 0.0, 1.0, 1.0, 0.0)
    return Fitted(model, schedule, snapshots, level, 0)
