"""Fit a model of labels: choose out of fold, on customers of whom a label is known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.attributes.plan import AttributePlan
from features.attributes.survey import AttributeSurvey
from features.errors import DataError
from models.recurring.model import LabelModel
from training.fit.choice import (
    Choice,
    Parameters,
    choose,
    cross_fit,
    fit_choice,
    only_logistic,
    recipes_of,
)
from training.fit.recurring import (
    LOGISTIC_METHOD,
    MIN_CUSTOMERS,
    MIN_OF_EACH,
    assemble,
    sizes_of,
)
from training.fit.trials import PayerTrials
from training.origin import MODEL

HELD_OUT_SHARE = 0.25
"""Of the labelled customers, whom no fit and no choice sees before the gate."""

MAX_ROWS = 60_000
"""Labelled customers beyond which more add no accuracy, only time."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """The customers and their labels, as numbers.

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
    def has_label(self) -> npt.NDArray[np.bool_]:
        """Tell which customers have a label."""
        return ~np.isnan(self.survey.churned)

    @property
    def warnings(self) -> list[str]:
        """Say of each attribute that knows the answer what was done."""
        return [f"{name} is left out: it {why}." for name, why in self.leaks.items()]

    @property
    def labels(self) -> npt.NDArray[np.float64]:
        """Return the labels that are known: 1 for churned."""
        return self.survey.churned[self.has_label]

    @property
    def is_enough(self) -> bool:
        """Tell whether there are labels enough, and enough of both."""
        n, n_churned = len(self.labels), self.labels.sum()
        return bool(n >= MIN_CUSTOMERS and min(n_churned, n - n_churned) >= MIN_OF_EACH)

    def counts(self) -> dict[str, Any]:
        """Count the customers and the labels, and name the columns."""
        survey, labels = self.survey, self.labels
        return {
            "customers": len(self.X),
            "labelled": len(labels),
            "churned": int(labels.sum()),
            "label": survey.label,
            "monthly_amount": survey.amount,
            "tenure": survey.tenure,
        }

    def refuse(self) -> DataError:
        """Say why no model can be made."""
        labels = self.labels
        if not self.is_enough:
            return DataError(
                f"{len(labels):,} customers have a label, {int(labels.sum()):,} of "
                "them churned.",
                needed=f"At least {MIN_CUSTOMERS}, of them {MIN_OF_EACH} churned and "
                f"{MIN_OF_EACH} stayed.",
                todo="Bring more labelled customers.",
            )
        why = "; ".join(f"{name}: {reason}" for name, reason in self.plan.left_out)
        return DataError(
            f"No attribute is left to learn from. {why}.",
            needed="At least one that was known before customers left.",
            todo="Bring more attributes, or see [model] sensitive and leave_out.",
        )

    def notes(self, *, has_purchases: bool) -> list[str]:
        """Say what was looked at, and what would help."""
        survey, plan, labels = self.survey, self.plan, self.labels
        n, n_churned = len(labels), int(labels.sum())
        unused = "transactions are not used by a model of labels."
        return [
            f"The label is {survey.label}: {n_churned:,} of {n:,} churned, and "
            f"{len(self.X) - n:,} customers without one are scored only.",
            f"A month's amount is {survey.amount}."
            if survey.amount
            else "No monthly amount was found: values count months, and nobody is "
            "above tier C. Name one with [model] monthly_amount.",
            f"Learnt from: {', '.join(plan.used)}.",
            *(
                f"{name} is left out: {why}."
                for name, why in plan.left_out
                if name not in self.leaks
            ),
            *(f"Warning: {warning}" for warning in self.warnings),
            *([unused] if has_purchases else []),
        ]


@dataclass(frozen=True, slots=True)
class LabelFit:
    """A model, and what it said out of fold of the rows that it was fitted on.

    Parameters
    ----------
    model : LabelModel
    features : DataFrame
        Of all customers.
    choice : Choice
    rows : ndarray of shape (n_fitted,)
        The places of those it was fitted on.
    """

    model: LabelModel
    features: pd.DataFrame
    choice: Choice
    rows: npt.NDArray[np.intp]


def fit_labels(
    labelled: Labelled,
    mask: npt.NDArray[np.bool_],
    *,
    seed: int,
    parameters: Parameters | None = None,
    served: str = MODEL,
) -> LabelFit:
    """Choose and fit on some of the labelled customers."""
    places = draw_rows(mask, seed=seed)
    X, churned = labelled.X.iloc[places], labelled.survey.churned[places]
    sizes, recipes = sizes_of(labelled.plan), recipes_of(parameters)
    parts = cross_fit(X, churned, sizes, recipes=recipes, seed=seed)
    choice = choose(parts, churned, recipes=recipes)
    if served == LOGISTIC_METHOD:
        choice = only_logistic(choice, parts[0], churned)
    churn = fit_choice(X, churned, sizes, choice=choice, seed=seed)
    model = assemble(
        LabelModel,
        labelled.plan,
        churn,
        X,
        choice=choice,
        truth=churned,
        shares={},
        seed=seed,
    )
    return LabelFit(model, labelled.X, choice, places)


def prepare_label_trials(
    labelled: Labelled, mask: npt.NDArray[np.bool_], *, seed: int
) -> PayerTrials:
    """Build what trials are judged by: out of fold, among some of the customers."""
    rows = draw_rows(mask, seed=seed)
    X, churned = labelled.X.iloc[rows], labelled.survey.churned[rows]
    sizes, amount = sizes_of(labelled.plan), np.ones(len(rows))
    if labelled.plan.amount is not None:
        amount = np.nan_to_num(X[labelled.plan.amount].to_numpy(dtype=np.float64))

    def predict(parameters: Parameters, seed: int) -> npt.NDArray[np.float64]:
        return cross_fit(X, churned, sizes, recipes=[parameters], seed=seed)[0]

    return PayerTrials(predict, amount, churned, value=amount * (1.0 - churned))


def draw_rows(mask: npt.NDArray[np.bool_], *, seed: int) -> npt.NDArray[np.intp]:
    """Return the places of the customers to fit on, or of a draw of them."""
    places = np.flatnonzero(mask)
    if len(places) > MAX_ROWS:
        places = np.sort(np.random.default_rng(seed).permutation(places)[:MAX_ROWS])
    return places


def hold_out(labelled: Labelled, *, seed: int) -> npt.NDArray[np.bool_]:
    """Return who is held out: a quarter of those who churned, and of those who stayed.

    It depends on a customer's id, so the same are held out in the next training.
    """
    ids = labelled.X.index
    order = np.array([hashlib.sha256(f"{seed}:{i}".encode()).digest()[:8] for i in ids])
    is_out = np.zeros(len(ids), dtype=bool)
    for outcome in (0.0, 1.0):
        members = np.flatnonzero(labelled.survey.churned == outcome)
        ranked = members[np.argsort(order[members], kind="stable")]
        is_out[ranked[: round(HELD_OUT_SHARE * len(ranked))]] = True
    return is_out
