"""Name the columns that know the answer: who is going to churn, better than the past.

A column that is filled in, or a row that is backdated, once a customer has left, is no
row of the future and moves with none. It shows by what it knows. Two tests, each held
against a model of all the other features, cross-validated at an origin of the past:

- Alone, in twentieths or by its texts, it leaves less than ``LEFT`` of the model's
  ``1 - AUC``.
- Customers who have it, or a value of it, nearly all left, or nearly all stayed, where
  the model expects a good part of them not to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from features.door.log import Log
from features.purchases.plan import FeaturePlan
from models.purchases.btyd import BuyingModel, design
from models.purchases.churn import ChurnModel
from training.holders import FEWEST, Suspect, pure_values
from training.schedule import Origin
from training.snapshots import build_snapshots

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Folds = Sequence[tuple[Codes, Codes]]

LEFT = 0.6
"""Of the model's ``1 - AUC``: a column that leaves less of it, alone, is named."""

MOST_CUSTOMERS = 20_000
FOLDS = 3
ROUNDS = 150
BINS = 20


@dataclass(frozen=True, slots=True)
class Suspicions:
    """What was looked at, and what was found.

    Parameters
    ----------
    origin : Origin
        Where churn was foretold and is known.
    n_customers, n_columns : int
    model_auc : float or None
        Of the features together, cross-validated. None where nothing could be judged.
    threshold : float or None
        The AUC at which a column is named.
    best_column : str
    best_auc : float or None
        Of the best column that is not named.
    suspects : tuple of Suspect
    skipped : str or None
        Why nothing could be judged.
    """

    origin: Origin
    n_customers: int
    n_columns: int
    model_auc: float | None = None
    threshold: float | None = None
    best_column: str = ""
    best_auc: float | None = None
    suspects: tuple[Suspect, ...] = ()
    skipped: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        origin = {
            "as_of": self.origin.as_of.isoformat(),
            "horizon_days": self.origin.horizon_days,
        }
        return {**asdict(self), "origin": origin}


def find_suspects(log: Log, plan: FeaturePlan, *, origin: Origin) -> Suspicions:
    """Judge every feature, attribute and text of the log by what it knows of churn.

    Parameters
    ----------
    log : Log
    plan : FeaturePlan
    origin : Origin
        Ends by the end of the log.

    Returns
    -------
    Suspicions
    """
    snapshot = build_snapshots(log, plan, as_of=origin.as_of, origins=[origin])
    features = snapshot.features[origin.as_of]
    churned = snapshot.labels[origin]["churned"].to_numpy(dtype=np.float64)
    n_left = int(churned.sum())
    if min(n_left, len(churned) - n_left) < FEWEST:
        why = f"{n_left} of {len(churned)} customers churned: too few to judge by"
        return Suspicions(origin, len(churned), 0, skipped=why)
    rows = _sample(len(features))
    features, churned = features.iloc[rows], churned[rows]
    columns = _columns(log, features)
    folds = _folds(churned)
    lone = {name: lone_auc(codes, churned, folds) for name, codes in columns.items()}
    p = _model(features, churned, lone, days=origin.horizon_days, folds=folds)
    auc = rank_auc(churned, p)
    threshold = 1.0 - LEFT * (1.0 - auc)
    named = [
        Suspect(name, len(churned), auc=lone[name])
        for name in lone
        if lone[name] >= threshold
    ]
    named += pure_values(log, origin, features.index, churned=churned, p=p)
    rest = {name: value for name, value in lone.items() if value < threshold}
    best = max(rest, key=lambda name: rest[name], default="")
    return Suspicions(
        origin=origin,
        n_customers=len(churned),
        n_columns=len(columns),
        model_auc=auc,
        threshold=threshold,
        best_column=best,
        best_auc=rest.get(best),
        suspects=tuple(sorted(named, key=lambda s: (-s.strength, s.column))),
    )


def lone_auc(codes: Codes, churned: Floats, folds: Folds) -> float:
    """Return the AUC of the churn rate of a row's group, learnt on other rows.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        The group of each row, from 0.
    churned : ndarray of shape (n,)
    folds : sequence of (ndarray, ndarray)
        Rows to learn from, and rows to tell of.
    """
    score = np.empty(len(codes))
    size = int(codes.max()) + 1
    for train, test in folds:
        n = np.bincount(codes[train], minlength=size)
        left = np.bincount(codes[train], weights=churned[train], minlength=size)
        rate = (left + 10.0 * churned[train].mean()) / (n + 10.0)
        score[test] = rate[codes[test]]
    return rank_auc(churned, score)


def rank_auc(churned: Floats, score: Floats) -> float:
    """Return the AUC by ranks; it is asked for a few hundred times.

    >>> rank_auc(np.array([0.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.7]))
    0.75
    """
    n_left = churned.sum()
    ranks = rankdata(score)[churned > 0].sum()
    pairs = n_left * (len(churned) - n_left)
    return float((ranks - n_left * (n_left + 1) / 2) / pairs)


def _sample(n: int) -> Codes:
    rows = np.random.default_rng(0).permutation(n)[:MOST_CUSTOMERS]
    return np.sort(rows).astype(np.int64)


def _folds(churned: Floats) -> Folds:
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    return list(folds.split(churned, churned))


def _columns(log: Log, features: pd.DataFrame) -> dict[str, Codes]:
    """Return the groups of each feature and of each attribute, by name."""
    found = {f"feature {name}": group_codes(features[name]) for name in features}
    attributes = log.con.execute("select * from customers").df()
    attributes = attributes.set_index("customer_id").reindex(features.index)
    for name in attributes.columns.drop("joined_at", errors="ignore"):
        if attributes[name].notna().any():
            found[f"customers.{name}"] = group_codes(attributes[name])
    return found


def group_codes(values: pd.Series) -> Codes:
    """Return twentieths of numbers, and each text; what is missing is a group too."""
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        known = numbers[~np.isnan(numbers)]
        if not len(known):
            return np.zeros(len(numbers), dtype=np.int64)
        cuts = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
        place = np.searchsorted(cuts, numbers, side="left")
        return np.where(np.isnan(numbers), BINS + 1, place).astype(np.int64)
    codes, _ = pd.factorize(values.astype("string"), use_na_sentinel=True)
    return np.asarray(codes + 1, dtype=np.int64)


def _model(
    features: pd.DataFrame,
    churned: Floats,
    lone: dict[str, float],
    *,
    days: float,
    folds: Folds,
) -> Floats:
    """Return what all features that do not stand out foretell together."""
    X = design(features, BuyingModel().fit(features), days)
    simple = lone_auc(group_codes(features["days_since_last_order"]), churned, folds)
    bar = 1.0 - LEFT * (1.0 - max(simple, 0.5))
    X = X.drop(columns=[name for name in features if lone[f"feature {name}"] >= bar])
    p = np.empty(len(X))
    with threadpool_limits(1, "blas"):  # small matrices: threads wait for others
        for train, test in folds:
            model = ChurnModel(n_rounds=ROUNDS).fit(X.iloc[train], churned[train])
            p[test] = model.predict_proba(X.iloc[test])[:, 1]
    return p
