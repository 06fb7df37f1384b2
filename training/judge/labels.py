"""Judge a model of labels: out of fold, by group, and beside the best attribute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from features.attributes.survey import AttributeSurvey
from training.judge.folds import fold_rows
from training.judge.groups import report_groups
from training.judge.lone import group_codes, group_rates, lone_auc
from training.judge.metrics import churn_calibration, churn_ranking, reliability

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


def judge_out_of_fold(
    survey: AttributeSurvey, rows: Places, p: Floats
) -> dict[str, Any]:
    """Return the figures of the served recipe out of fold, and those by group.

    Parameters
    ----------
    survey : AttributeSurvey
    rows : ndarray of shape (n_fitted,)
        The places of the customers it was fitted on.
    p : ndarray of shape (n_fitted,)
        What was said of each by a fit that had not seen it.
    """
    churned, table = survey.churned[rows], survey.table.iloc[rows]
    return {
        "cross_validation": {
            "n_customers": len(churned),
            "folds": len(list(fold_rows(churned, seed=0))),
            "churn": churn_ranking(churned, p) | churn_calibration(churned, p),
            "reliability": reliability(churned, p),
        },
        "groups": report_groups(table, survey.sensitive, churned=churned, p=p),
    }


def best_attribute(
    survey: AttributeSurvey,
    names: Sequence[str],
    rows: Places,
    *,
    is_out: npt.NDArray[np.bool_],
) -> tuple[str, Floats]:
    """Return the attribute that alone ranks best, and the churn rates it gives."""
    churned = survey.churned[rows]
    folds = list(fold_rows(churned, seed=0))
    codes = {name: group_codes(survey.table[name]) for name in names}
    aucs = {
        name: lone_auc(groups[rows], churned, folds) for name, groups in codes.items()
    }
    best = max(aucs, key=lambda name: aucs[name])
    n_groups = int(codes[best].max()) + 1
    rates = group_rates(codes[best][rows], churned, n_groups)
    return best, rates[codes[best][is_out]]
