"""What a data scientist would do first: RFM windows, and a model on them.

LightGBM as it comes and a logistic regression, taught by what customers did in the
horizon before ``as_of``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Floats = npt.NDArray[np.float64]
WINDOWS = (30, 90, 180, 365)
SNAPSHOTS = 4
SECONDS_PER_DAY = 86_400


def read_windows(days: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Return the RFM features of who bought before an instant, by ``customer_id``.

    Parameters
    ----------
    days : DataFrame
        ``customer_id``, ``day`` and ``spend``, a row a purchase day.
    as_of : datetime
        What is later is not seen.
    """
    now = pd.Timestamp(as_of.replace(tzinfo=None))
    past = days[days["day"] < now]
    age = (now - past["day"]).dt.total_seconds() / SECONDS_PER_DAY
    past = past.assign(age=age)
    by = past.groupby("customer_id")
    table = pd.DataFrame(
        {
            "recency": by["age"].min(),
            "tenure": by["age"].max(),
            "n_days": by["age"].size().astype(np.float64),
            "spend": by["spend"].sum(),
        }
    )
    table["mean_spend"] = table["spend"] / table["n_days"]
    table["mean_gap"] = (table["tenure"] - table["recency"]) / table["n_days"]
    for width in WINDOWS:
        recent = past[past["age"] <= width].groupby("customer_id")["spend"]
        table[f"n_days_{width}"] = recent.size().reindex(table.index).fillna(0.0)
        table[f"spend_{width}"] = recent.sum().reindex(table.index).fillna(0.0)
    return table.sort_index().astype(np.float64)


def choose_origins(
    starts_at: datetime, as_of: datetime, horizon: timedelta
) -> tuple[list[datetime], timedelta]:
    """Return the instants to learn at, newest first, and the length of the labels.

    Labels are of the whole horizon, or of half of the history where it is shorter.
    """
    length = min(horizon, (as_of - starts_at) / 2)
    length = max(timedelta(days=length // timedelta(days=1)), timedelta(days=1))
    origins = [as_of - length * (1.0 + step / 2.0) for step in range(SNAPSHOTS)]
    return [at for at in origins if at - starts_at >= length], length


def label(
    days: pd.DataFrame, features: pd.DataFrame, *, at: datetime, length: timedelta
) -> Floats:
    """Return what the customers of some features spent after an instant."""
    start = pd.Timestamp(at.replace(tzinfo=None))
    within = days[(days["day"] >= start) & (days["day"] < start + length)]
    spend = within.groupby("customer_id")["spend"].sum()
    return spend.reindex(features.index).fillna(0.0).to_numpy(dtype=np.float64)


def learn(
    days: pd.DataFrame, *, as_of: datetime, horizon: timedelta
) -> tuple[pd.DataFrame, Floats]:
    """Return the features to learn from and what was spent after each."""
    before = days[days["day"] < pd.Timestamp(as_of.replace(tzinfo=None))]
    starts_at = before["day"].min().to_pydatetime().replace(tzinfo=as_of.tzinfo)
    origins, length = choose_origins(starts_at, as_of, horizon)
    tables = [read_windows(before, at) for at in origins]
    spends = [
        label(before, table, at=at, length=length)
        for at, table in zip(origins, tables, strict=True)
    ]
    return pd.concat(tables), np.concatenate(spends)


def score_lightgbm(
    features: pd.DataFrame, lessons: tuple[pd.DataFrame, Floats], *, seed: int = 0
) -> tuple[Floats, Floats]:
    """Return LightGBM's probability to buy and its expected spend."""
    X, spend = lessons
    usual: dict[str, Any] = {"random_state": seed, "verbose": -1}
    buys = lgb.LGBMClassifier(**usual).fit(X, (spend > 0).astype(int))
    worth = lgb.LGBMRegressor(objective="tweedie", **usual).fit(X, spend)
    return _chance(buys, features), np.asarray(worth.predict(features))


def score_logistic(
    features: pd.DataFrame, lessons: tuple[pd.DataFrame, Floats]
) -> tuple[Floats, Sequence[Floats]]:
    """Return the probability to buy, and two ways to make money of it.

    They are the probability times the mean spend of a purchase day, and times all past
    spend over the time since the first.
    """
    X, spend = lessons
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2_000))
    model.fit(X.apply(np.log1p), (spend > 0).astype(int))
    p = _chance(model, features.apply(np.log1p))
    rate = features["spend"] / (features["tenure"] + 30.0)
    mean = features["mean_spend"].to_numpy(dtype=np.float64)
    return p, (p * mean, p * rate.to_numpy(dtype=np.float64))


def _chance(
    model: lgb.LGBMClassifier | LogisticRegression, features: pd.DataFrame
) -> Floats:
    """Return the probability of 1; of a model that saw one class, nothing to rank."""
    p = np.asarray(model.predict_proba(features), dtype=np.float64)
    return p[:, 1] if p.shape[1] == 2 else np.zeros(len(features))
