"""What contracts and labels have in common: customers who pay a regular amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.purchases.readiness import Minimum, Readiness
from models.recurring.model import Plan, RecurringModel
from training.fit.contract_past import TENURE_AND_PLAN
from training.fit.recurring import LOGISTIC_METHOD
from training.judge.holdout import Wording
from training.version import Judged

Floats = npt.NDArray[np.float64]
Text = Mapping[str, str]

MANY_CUSTOMERS = 1_000
"""Customers below which the figures of a holdout still move a good deal by chance."""

INSTEAD = {
    LOGISTIC_METHOD: "a logistic regression is served",
    TENURE_AND_PLAN: "time as a customer and plan alone are served",
}
"""The methods that are served where a model is no better, in words."""

LIMITS: Sequence[Text] = (
    {
        "en": "Reasons say what goes together with leaving. They do not say what "
        "causes it, nor what an offer would change.",
        "zh": "原因说明的是相关而非因果，也不说明优惠会带来什么改变。",
    },
    {
        "en": "A band is of one customer: the sum of many bands is not the band of "
        "their total.",
        "zh": "区间针对单个客户：多个区间之和并非合计值的区间。",
    },
)
"""What no model of regular amounts knows."""


def say_instead(passed: Sequence[str], served: Mapping[str, str]) -> str:
    """Say at what the model is no better, and what is served in its place."""
    lost = " and ".join(t for t in ("churn", "value") if t not in passed)
    reason = f"for {lost} no better than a simple method"
    instead = INSTEAD.get(served["churn"])
    return f"{reason}, so {instead}" if instead else reason


WORDING = Wording(
    grades={
        "C": {
            "en": "better than the simple methods at one of the two questions",
            "zh": "两个问题中只有一个优于简单方法",
        },
        "D": {
            "en": "no better than the simple methods, the best of which is served; "
            "more customers, and attributes that move before a customer leaves, would "
            "help most",
            "zh": "不优于简单方法，因此使用其中最好的；"
            "更多客户和流失前会变化的属性最有帮助",
        },
    },
    say_instead=say_instead,
)


def say_readiness(
    counts: Sequence[tuple[str, int, int]],
    *,
    facts: Mapping[str, Any],
    notes: Sequence[str],
) -> Readiness:
    """Compare counts with what is needed.

    Parameters
    ----------
    counts : sequence of (str, int, int)
        What is counted, how many are needed, and how many there are.
    facts : mapping
    notes : sequence of str
    """
    minimums = tuple(Minimum(name, needed, count) for name, needed, count in counts)
    return Readiness(minimums, facts, tuple(notes))


def improve(plan: Plan, holdout: Judged) -> list[Text]:
    """Say what would make the next version better, whatever the kind."""
    texts: list[Text] = []
    if plan.amount is None:
        texts.append(
            {
                "en": "A monthly amount ([model] monthly_amount): values and tiers "
                "would be in money.",
                "zh": "提供月费（[model] monthly_amount）：价值和等级将以金额表示。",
            }
        )
    n_customers = len(holdout.outcome.p)
    if n_customers < MANY_CUSTOMERS:
        texts.append(
            {
                "en": f"More customers: the figures are of {n_customers:,}, "
                "and move by chance.",
                "zh": f"更多客户：指标仅来自 {n_customers:,} 位客户，偶然波动较大。",
            }
        )
    return texts


def logistic_score(model: RecurringModel, X: pd.DataFrame) -> Floats:
    """Return what the logistic regression alone says, as log-odds."""
    return model.churn.parts(X)[:, -1]


def whole_amount(model: RecurringModel, X: pd.DataFrame) -> Floats:
    """Return what each customer would pay who stayed to the end of the horizon."""
    return model.worth.amounts(model.amount(X)) * model.worth.months
