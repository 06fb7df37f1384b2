"""Train on attributes and a label: choose out of fold, judge on customers held out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from features.attributes.plan import AttributePlan, build_attributes
from features.attributes.survey import (
    AttributeSurvey,
    AttributeWish,
    plan_attributes,
    survey_attributes,
)
from features.door.log import Log
from features.errors import DataError
from models.recurring.model import MONTH_DAYS, MixedModel
from training.attribute_judge import judge_labels, judge_out_of_fold
from training.grading import Gate
from training.label_leaks import find_leaks, warn_of
from training.mixed_build import assemble, sizes_of
from training.mixed_card import write_mixed_card
from training.mixed_core import Choice, choose, cross_fit, fit_choice, only_logistic
from training.mixed_holdout import LOGISTIC, MixedHoldout
from training.mixed_version import MixedFitted, MixedVersion, save_version
from training.schedule import Origin

Floats = npt.NDArray[np.float64]
Progress = Callable[[str], None]

HELD_OUT = 0.25
"""Share of the labelled customers that no fit and no choice sees before the gate."""

LEAST, LEAST_OF_EACH = 200, 30
"""Labelled customers, and churned and not churned ones, that a model needs."""

MOST_ROWS = 60_000
"""Labelled customers beyond which more add no accuracy, only time."""


@dataclass(frozen=True, slots=True)
class AttributeOptions:
    """How to train.

    Parameters
    ----------
    horizon_days : int
        Length of the time that the value is of.
    wish : AttributeWish
    seed : int
    gate : Gate
    """

    horizon_days: int
    wish: AttributeWish = AttributeWish()
    seed: int = 0
    gate: Gate = Gate()


@dataclass(frozen=True, slots=True)
class Labelled:
    """The labelled customers, as numbers.

    Parameters
    ----------
    survey : AttributeSurvey
    plan : AttributePlan
    X : DataFrame of shape (n_customers, n_columns)
        Of all customers.
    leaks : dict
        Attributes that know the answer, and what shows it.
    """

    survey: AttributeSurvey
    plan: AttributePlan
    X: pd.DataFrame
    leaks: dict[str, str]

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Tell which customers have a label."""
        return ~np.isnan(self.survey.churned)


def look_at_attributes(
    log: Log, *, as_of: datetime, options: AttributeOptions
) -> Labelled:
    """Read the table, and set aside what knows the answer.

    Raises
    ------
    DataError
        If there are too few labelled customers, or no attribute to learn from.
    """
    survey = survey_attributes(log, options.wish, as_of=as_of)
    plan = plan_attributes(survey, horizon_days=options.horizon_days)
    X = build_attributes(log, plan, as_of=as_of)
    known = ~np.isnan(survey.churned)
    leaks: dict[str, str] = {}
    if plan.used and _is_enough(survey.churned[known]):
        seen = X.loc[known, list(plan.used)]
        with threadpool_limits(1, "blas"):
            leaks = find_leaks(survey, seen, seed=options.seed)
    if leaks:
        plan = plan_attributes(survey, horizon_days=plan.horizon_days, suspects=leaks)
        X = X[list(plan.names)]
    return Labelled(survey, plan, X, leaks)


def train_attributes(
    log: Log,
    *,
    as_of: datetime,
    folder: Path,
    options: AttributeOptions,
    progress: Progress = lambda step: None,
) -> MixedVersion:
    """Judge, fit and write a bundle; as ``training.train.train``.

    The recipe is chosen out of fold among three quarters of the labelled customers and
    judged on the others. What is served is the same recipe on all of them.
    """
    progress("looking at the attributes")
    rows = look_at_attributes(log, as_of=as_of, options=options)
    check_enough(rows)
    with threadpool_limits(1, "blas"):  # small matrices: threads only wait for others
        held = held_out(rows, seed=options.seed)
        progress("choosing out of fold, without the customers held out")
        early = fit_rows(rows, ~held & rows.known, seed=options.seed)
        origin = Origin(as_of, options.horizon_days)
        holdout = judge_labels(rows, early, held=held, origin=origin, gate=options.gate)
        progress("the same on all labelled customers")
        is_simple = holdout.served["churn"] == LOGISTIC
        final = fit_rows(rows, rows.known, seed=options.seed, is_simple=is_simple)
    progress("writing the bundle")
    card = _card(log, rows, final, holdout, options=options, as_of=as_of)
    fitted = MixedFitted(final.model, rows.X)
    return save_version(folder, fitted, holdout, card=card, seed=options.seed)


@dataclass(frozen=True, slots=True)
class FittedRows:
    """A model, and what it said out of fold of the rows that it was fitted on."""

    model: MixedModel
    choice: Choice
    rows: npt.NDArray[np.intp]


def fit_rows(
    rows: Labelled,
    mask: npt.NDArray[np.bool_],
    *,
    seed: int,
    is_simple: bool = False,
) -> FittedRows:
    """Choose and fit on some of the labelled customers."""
    places = np.flatnonzero(mask)
    if len(places) > MOST_ROWS:
        places = np.sort(np.random.default_rng(seed).permutation(places)[:MOST_ROWS])
    X, churned = rows.X.iloc[places], rows.survey.churned[places]
    sizes = sizes_of(rows.plan)
    parts = cross_fit(X, churned, sizes, seed=seed)
    choice = choose(parts, churned)
    if is_simple:
        choice = only_logistic(choice, parts[0], churned)
    churn = fit_choice(X, churned, sizes, choice=choice, seed=seed)
    model = assemble(
        rows.plan, churn, X, choice=choice, truth=churned, shares={}, seed=seed
    )
    return FittedRows(model, choice, places)


def held_out(rows: Labelled, *, seed: int) -> npt.NDArray[np.bool_]:
    """Return who is held out: a quarter of those who churned, and of those who stayed.

    It hangs on a customer's id, so the same are held out from one training to the next.
    """
    ids = rows.X.index
    order = np.array(
        [hashlib.sha256(f"{seed}:{each}".encode()).digest()[:8] for each in ids]
    )
    held = np.zeros(len(ids), dtype=bool)
    for outcome in (0.0, 1.0):
        members = np.flatnonzero(rows.survey.churned == outcome)
        ranked = members[np.argsort(order[members], kind="stable")]
        held[ranked[: round(HELD_OUT * len(ranked))]] = True
    return held


def check_enough(rows: Labelled) -> None:
    """Refuse what no model can be made of."""
    known = rows.survey.churned[rows.known]
    if not _is_enough(known):
        raise DataError(
            f"{len(known):,} customers have a label, {int(known.sum()):,} of them "
            "churned.",
            needed=f"At least {LEAST}, of them {LEAST_OF_EACH} churned and "
            f"{LEAST_OF_EACH} stayed.",
            todo="Bring more labelled customers.",
        )
    if not rows.plan.used:
        why = "; ".join(f"{name}: {said}" for name, said in rows.plan.left_out)
        raise DataError(
            f"No attribute is left to learn from. {why}.",
            needed="At least one that was known before customers left.",
            todo="Bring more attributes, or see [model] sensitive and leave_out.",
        )


def _is_enough(known: Floats) -> bool:
    each = min(known.sum(), len(known) - known.sum())
    return len(known) >= LEAST and each >= LEAST_OF_EACH


def _card(
    log: Log,
    rows: Labelled,
    final: FittedRows,
    holdout: MixedHoldout,
    *,
    options: AttributeOptions,
    as_of: datetime,
) -> dict[str, Any]:
    known = rows.survey.churned[rows.known]
    snapshot = {
        "as_of": as_of.isoformat(),
        "horizon_days": options.horizon_days,
        "n_customers": len(known),
        "churn_rate": float(known.mean()),
    }
    facts = {
        "customers": len(rows.X),
        "labelled": len(known),
        "churned": int(known.sum()),
        "label": rows.survey.label,
        "monthly_amount": rows.survey.amount,
        "tenure": rows.survey.tenure,
        "months_in_horizon": options.horizon_days / MONTH_DAYS,
    }
    return write_mixed_card(
        log,
        final.model,
        rows.X,
        as_of=as_of,
        holdout=holdout,
        snapshots=[snapshot],
        facts=facts,
        seed=options.seed,
        more={
            "training_rows": len(final.rows),
            "attributes": {
                "used": list(rows.plan.used),
                "left_out": dict(rows.plan.left_out),
                "sensitive": list(rows.survey.sensitive),
            },
            "warnings": warn_of(rows.leaks),
            **judge_out_of_fold(rows, final),
        },
    )
