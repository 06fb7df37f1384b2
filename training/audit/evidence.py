"""Customers at an origin of the past, and who of them churned: what leaks show by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from threadpoolctl import threadpool_limits

from features.contracts.plan import (
    TENURE,
    ContractPlan,
    build_contracts,
    build_outcomes,
)
from features.door.log import Log
from features.purchases.plan import FeaturePlan
from models.purchases.btyd import BuyingModel, design
from models.purchases.churn import ChurnModel
from models.recurring.churn import RecurringChurn
from training.judge.lone import Folds
from training.origin import Origin
from training.snapshots import build_snapshots

Floats = npt.NDArray[np.float64]
Predict = Callable[[pd.DataFrame, Floats, Folds, list[str]], Floats]

TRIAL_ROUNDS = 150
"""Trees of the model that a column alone is held against."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Customers at an origin of the past, and who of them churned.

    Parameters
    ----------
    origin : Origin
        Ends by the end of the log.
    features : DataFrame of shape (n_customers, n_features)
    churned : ndarray of shape (n_customers,)
    sound : str
        A feature that cannot know the answer: what alone tells far more than it is not
        put into the model.
    texts : mapping of str to (str, tuple of str)
        Table to the column of a row's instant, and to the texts whose holders are
        judged.
    predict : callable
        Returns out of fold the chance to churn, of features, who churned, folds, and
        the features that are not to be put into the model.
    """

    origin: Origin
    features: pd.DataFrame
    churned: Floats
    sound: str
    texts: Mapping[str, tuple[str, tuple[str, ...]]]
    predict: Predict


TEXTS_OF_INTERACTIONS = ("occurred_at", ("type", "channel", "owner_id"))
TEXTS_OF_BUYERS = {
    "transactions": ("occurred_at", ("product_id", "category", "channel")),
    "interactions": TEXTS_OF_INTERACTIONS,
}

TEXTS_OF_HOLDERS = {
    "subscriptions": ("starts_at", ("plan",)),
    "interactions": TEXTS_OF_INTERACTIONS,
}


def gather_buyers(log: Log, plan: FeaturePlan, *, origin: Origin) -> Evidence:
    """Return the buyers of an origin, and who of them bought nothing after it."""
    snapshot = build_snapshots(log, plan, as_of=origin.as_of, origins=[origin])
    labels = snapshot.labels[origin]

    def predict(
        features: pd.DataFrame, churned: Floats, folds: Folds, standing_out: list[str]
    ) -> Floats:
        buying = BuyingModel().fit(features)
        X = design(features, buying, origin.horizon_days).drop(columns=standing_out)
        p = np.empty(len(X))
        with threadpool_limits(1, "blas"):  # small matrices: threads wait for others
            for train, test in folds:
                model = ChurnModel(n_rounds=TRIAL_ROUNDS)
                model.fit(X.iloc[train], churned[train])
                p[test] = model.predict_proba(X.iloc[test])[:, 1]
        return p

    return Evidence(
        origin=origin,
        features=snapshot.features[origin.as_of],
        churned=labels["churned"].to_numpy(dtype=np.float64),
        sound="days_since_last_order",
        texts=TEXTS_OF_BUYERS,
        predict=predict,
    )


def gather_holders(log: Log, plan: ContractPlan, *, origin: Origin) -> Evidence:
    """Return who had a contract at an origin, and who of them had none after it."""
    frame = build_contracts(log, plan, as_of=[origin.as_of]).droplevel("as_of")
    outcomes = build_outcomes(
        log,
        plan,
        as_of=origin.as_of,
        days=origin.horizon_days,
        known_before=log.ends_at,
    )
    levels = plan.categories

    def predict(
        features: pd.DataFrame, churned: Floats, folds: Folds, standing_out: list[str]
    ) -> Floats:
        X = features.drop(columns=standing_out)
        sizes = {str(n): len(levels[n]) + 1 if n in levels else 0 for n in X}
        p = np.empty(len(X))
        with threadpool_limits(1, "blas"):  # small matrices: threads wait for others
            for train, test in folds:
                model = RecurringChurn(sizes).fit(X.iloc[train], churned[train])
                p[test] = expit(model.decision_function(X.iloc[test]))
        return p

    return Evidence(
        origin=origin,
        features=frame,
        churned=outcomes["churned"].reindex(frame.index).to_numpy(),
        sound=TENURE,
        texts=TEXTS_OF_HOLDERS,
        predict=predict,
    )
