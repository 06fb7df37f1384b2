"""Name the columns that know the answer: who is going to churn, better than the past.

A column that is filled in, or a row that is backdated, once a customer has left, is no
row of the future and moves with none. It shows by what it knows. Two tests, each held
against a model of all the other features, cross-validated at an origin of the past:

- Alone, in twentieths or by its texts, it leaves less than ``LEFT_SHARE`` of the
  model's ``1 - AUC``.
- Customers who have it, or a value of it, nearly all left, or nearly all stayed, where
  the model expects a good part of them not to.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from features.door.log import Log
from training.audit.evidence import Evidence
from training.audit.leaky_values import MIN_HOLDERS, Suspect, find_pure_values
from training.judge.lone import Codes, Folds, group_codes, lone_auc, rank_auc
from training.origin import Origin

Floats = npt.NDArray[np.float64]

LEFT_SHARE = 0.6
"""Of the model's ``1 - AUC``: a column that leaves less of it, alone, is named."""

MAX_CUSTOMERS = 20_000
N_FOLDS = 3


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


def find_leaky_columns(log: Log, evidence: Evidence) -> Suspicions:
    """Judge every feature, attribute and text of the log by what it knows of churn."""
    features, churned, origin = evidence.features, evidence.churned, evidence.origin
    n_churned = int(churned.sum())
    if min(n_churned, len(churned) - n_churned) < MIN_HOLDERS:
        why = f"{n_churned} of {len(churned)} customers churned: too few to judge by"
        return Suspicions(origin, len(churned), 0, skipped=why)
    rows = _sample(len(features))
    features, churned = features.iloc[rows], churned[rows]
    columns = _columns(log, features)
    folds = _folds(churned)
    lone = {name: lone_auc(codes, churned, folds) for name, codes in columns.items()}
    sound = max(lone_auc(group_codes(features[evidence.sound]), churned, folds), 0.5)
    bar = 1.0 - LEFT_SHARE * (1.0 - sound)
    standing_out = [str(n) for n in features if lone[f"feature {n}"] >= bar]
    p = evidence.predict(features, churned, folds, standing_out)
    auc = rank_auc(churned, p)
    threshold = 1.0 - LEFT_SHARE * (1.0 - auc)
    named = [
        Suspect(name, len(churned), auc=lone[name])
        for name in lone
        if lone[name] >= threshold
    ]
    named += find_pure_values(log, evidence, features.index, churned=churned, p=p)
    unnamed = {name: value for name, value in lone.items() if value < threshold}
    best = max(unnamed, key=lambda name: unnamed[name], default="")
    return Suspicions(
        origin=origin,
        n_customers=len(churned),
        n_columns=len(columns),
        model_auc=auc,
        threshold=threshold,
        best_column=best,
        best_auc=unnamed.get(best),
        suspects=tuple(sorted(named, key=lambda s: (-s.strength, s.column))),
    )


def _sample(n: int) -> Codes:
    rows = np.random.default_rng(0).permutation(n)[:MAX_CUSTOMERS]
    return np.sort(rows).astype(np.int64)


def _folds(churned: Floats) -> Folds:
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    return list(folds.split(churned, churned))


def _columns(log: Log, features: pd.DataFrame) -> dict[str, Codes]:
    """Return the groups of each feature and of each attribute, by name."""
    columns = {f"feature {name}": group_codes(features[name]) for name in features}
    attributes = log.con.execute("select * from customers").df()
    attributes = attributes.set_index("customer_id").reindex(features.index)
    for name in attributes.columns.drop("joined_at", errors="ignore"):
        if attributes[name].notna().any():
            columns[f"customers.{name}"] = group_codes(attributes[name])
    return columns
