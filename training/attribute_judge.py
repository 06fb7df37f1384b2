"""Judge a model of attributes: on customers held out, out of fold, and by group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.recurring.model import MixedModel
from training.grading import Gate
from training.groups import report_groups
from training.metrics import churn_calibration, churn_ranking, reliability
from training.mixed_core import fold_rows
from training.mixed_holdout import (
    ATTRIBUTE,
    MixedHoldout,
    Told,
    judge_told,
    measure_slices,
)
from training.schedule import Origin
from training.slices import tiers_of
from training.suspects import group_codes, lone_auc

if TYPE_CHECKING:
    from training.attribute_train import FittedRows, Labelled

Floats = npt.NDArray[np.float64]

HOW = {
    "en": "A quarter of the labelled customers, who churned evenly among them, which "
    "nothing had seen before.",
    "zh": "四分之一带标签的客户，流失比例一致，此前任何拟合与选择均未见过。",
}


def judge_labels(
    rows: Labelled,
    early: FittedRows,
    *,
    held: npt.NDArray[np.bool_],
    origin: Origin,
    gate: Gate,
) -> MixedHoldout:
    """Compare a model with simple methods on customers that neither has seen."""
    model = early.model
    X, churned = rows.X[held], rows.survey.churned[held]
    forecast = model.predict(model.design(X))
    whole = model.worth.amounts(model.amount(X)) * model.worth.months
    told = Told(
        p=forecast.churn_probability,
        expected=forecast.expected_value,
        low=forecast.value_low,
        high=forecast.value_high,
        churned=churned,
        value=whole * (1.0 - churned),
    )
    name, rate = best_attribute(rows, early.rows, held=held)
    logistic = model.churn.logistic_.decision_function(
        X[list(rows.plan.used)].to_numpy(dtype=np.float64)
    )
    constant = np.full(len(X), float(rows.survey.churned[early.rows].mean()))
    return judge_told(
        told,
        origin=origin,
        baselines={
            "churn": {
                "base_rate": constant,
                ATTRIBUTE: rate,
                "logistic": logistic,
            },
            "value": {"amount": whole, ATTRIBUTE: whole * (1.0 - rate)},
        },
        slices=measure_slices(told, slices_of(model, rows, held)),
        gate=gate,
        how=HOW | {"best_attribute": name},
    )


def judge_out_of_fold(rows: Labelled, final: FittedRows) -> dict[str, Any]:
    """Return the figures of the served recipe out of fold, and those by group."""
    churned, p = rows.survey.churned[final.rows], final.choice.p
    table = rows.survey.table.iloc[final.rows]
    return {
        "cross_validation": {
            "n_customers": len(churned),
            "folds": len(list(fold_rows(churned, seed=0))),
            "churn": churn_ranking(churned, p) | churn_calibration(churned, p),
            "reliability": reliability(churned, p),
        },
        "groups": report_groups(table, rows.survey.sensitive, churned=churned, p=p),
    }


def best_attribute(
    rows: Labelled, places: npt.NDArray[np.intp], *, held: npt.NDArray[np.bool_]
) -> tuple[str, Floats]:
    """Return the attribute that alone ranks best, and the churn rates it gives."""
    churned = rows.survey.churned[places]
    folds = list(fold_rows(churned, seed=0))
    codes = {n: group_codes(rows.survey.table[n]) for n in rows.plan.used}
    found = {n: lone_auc(each[places], churned, folds) for n, each in codes.items()}
    best = max(found, key=lambda name: found[name])
    size = int(codes[best].max()) + 1
    n = np.bincount(codes[best][places], minlength=size)
    left = np.bincount(codes[best][places], weights=churned, minlength=size)
    rate = (left + 10.0 * churned.mean()) / (n + 10.0)
    return best, np.asarray(rate[codes[best][held]])


def slices_of(
    model: MixedModel, rows: Labelled, held: npt.NDArray[np.bool_]
) -> dict[str, npt.NDArray[np.str_]]:
    """Say which slice each customer is in, by tier, stage, and the widest category."""
    X = rows.X[held]
    found = {
        "tier": tiers_of(model.tier_quantity(X)),
        "lifecycle_stage": model.stage(X),
    }
    for name, levels in model.plan.categories.items():
        if 2 < len(levels) <= 6 and len(found) < 4:
            names = np.array([*levels, "other"])
            codes = X[name].to_numpy(dtype=np.float64)
            known = np.where(np.isnan(codes), len(levels), codes).astype(int)
            found[name] = names[known]
    return found
