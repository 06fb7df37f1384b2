"""The simple methods that are to be beaten, on the very same customers.

Each gives one score or several of who buys, and of what is spent; of several, the one
that does best on what came counts, which favours it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.door.log_files import Log
from models.purchases.bgnbd import BGNBD
from models.purchases.gamma_gamma import GammaGamma
from tests.bench.quality.cnbd import Histories, fit_cnbd
from tests.bench.quality.windows import (
    learn,
    read_windows,
    score_lightgbm,
    score_logistic,
)

Floats = npt.NDArray[np.float64]

METHODS = (
    "recency",
    "past spend",
    "RFM score",
    "BG/NBD, Gamma-Gamma",
    "MBG/CNBD-k",
    "LightGBM",
    "logistic regression",
)
BANDS = 5
PENALTY = 1e-4
"""As in the product: keeps parameters finite where a log says little of one."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What a method says, higher for more.

    Parameters
    ----------
    buys, spends : sequence of ndarray of shape (n,)
    """

    buys: Sequence[Floats]
    spends: Sequence[Floats]


def read_days(log: Log) -> pd.DataFrame:
    """Return ``customer_id``, ``day`` and ``spend`` of all purchase days."""
    rows: pd.DataFrame = log.con.sql(
        "SELECT customer_id, occurred_at::DATE::TIMESTAMP AS day, "
        "sum(amount)::DOUBLE AS spend FROM transactions "
        "WHERE amount > 0 GROUP BY ALL ORDER BY ALL"
    ).df()
    return rows.astype({"customer_id": str})


def score_all(
    days: pd.DataFrame, *, as_of: datetime, horizon: timedelta
) -> tuple[pd.Index[str], dict[str, Scores]]:
    """Return the customers of an instant, and what each method says of them."""
    features = read_windows(days, as_of)
    recency = -features["recency"].to_numpy(dtype=np.float64)
    spend = features["spend"].to_numpy(dtype=np.float64)
    rfm = rfm_score(features)
    lessons = learn(days, as_of=as_of, horizon=horizon)
    p_trees, trees = score_lightgbm(features, lessons)
    p_logistic, logistic = score_logistic(features, lessons)
    ahead = horizon / timedelta(days=1)
    scores = (
        Scores([recency], [recency]),
        Scores([spend], [spend]),
        Scores([rfm], [rfm]),
        score_bgnbd(features, days=ahead),
        score_cnbd(features, read_histories(days, features, as_of), days=ahead),
        Scores([p_trees], [trees]),
        Scores([p_logistic], logistic),
    )
    return features.index, dict(zip(METHODS, scores, strict=True))


def rfm_score(features: pd.DataFrame) -> Floats:
    """Return the sum of the fifths of recency, frequency and spend, 3 to 15."""
    parts = (-features["recency"], features["n_days"], features["spend"])
    ranks = (np.ceil(part.rank(pct=True) * BANDS) for part in parts)
    return np.asarray(sum(ranks), dtype=np.float64)


def score_bgnbd(features: pd.DataFrame, *, days: float) -> Scores:
    """Return BG/NBD, and it times the spend of a purchase day."""
    tenure, recency = features["tenure"], features["recency"]
    history = np.column_stack([features["n_days"] - 1.0, tenure - recency, tenure])
    model = BGNBD(penalty=PENALTY).fit(history)
    orders = model.expected_orders(history, days)
    active = model.p_active(history, days)
    mean = features["mean_spend"].to_numpy(dtype=np.float64)
    return Scores([orders, active], [orders * expect_spend(features), orders * mean])


def score_cnbd(features: pd.DataFrame, past: Histories, *, days: float) -> Scores:
    """Return MBG/CNBD-k, and it times the spend of a purchase day."""
    model = fit_cnbd(past)
    orders = model.expected_orders(past, days)
    worth = orders * expect_spend(features)
    return Scores([model.p_active(past, days), orders], [worth])


def expect_spend(features: pd.DataFrame) -> Floats:
    """Return what Gamma-Gamma expects of a purchase day."""
    n_days = features["n_days"].to_numpy(dtype=np.float64)
    mean = features["mean_spend"].to_numpy(dtype=np.float64)
    if np.ptp(mean) == 0:
        return mean
    return (
        GammaGamma(penalty=PENALTY).fit(n_days, mean).expected_mean_spend(n_days, mean)
    )


def read_histories(
    days: pd.DataFrame, features: pd.DataFrame, as_of: datetime
) -> Histories:
    """Return when the customers of some features bought."""
    past = days[days["day"] < pd.Timestamp(as_of.replace(tzinfo=None))]
    past = past.sort_values(["customer_id", "day"])
    gaps = past.groupby("customer_id")["day"].diff().dt.days
    logs = np.log(gaps.dropna()).groupby(past["customer_id"]).sum()
    return Histories(
        x=features["n_days"].to_numpy(dtype=np.float64) - 1.0,
        last=(features["tenure"] - features["recency"]).to_numpy(dtype=np.float64),
        age=features["tenure"].to_numpy(dtype=np.float64),
        log_gaps=logs.reindex(features.index).fillna(0.0).to_numpy(dtype=np.float64),
    )
