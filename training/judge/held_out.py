"""Judge a model of regular amounts on customers that it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from training.fit.pair import MODEL
from training.fit.schedule import Origin
from training.judge.gate import Gate, HeldOut
from training.judge.metrics import (
    churn_calibration,
    churn_ranking,
    coverage,
    reliability,
    value_calibration,
    value_deciles,
    value_ranking,
)

Floats = npt.NDArray[np.float64]

LOGISTIC, ATTRIBUTE = "logistic", "best_attribute"
SIMPLE = {
    LOGISTIC: "a logistic regression is served",
    "tenure_and_plan": "time as a customer and plan alone are served",
}
"""The methods that are served where a model is no better, in words."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a model said of customers, and what came.

    Parameters
    ----------
    p, expected, low, high : ndarray of shape (n,)
    churned, value : ndarray of shape (n,)
    """

    p: Floats
    expected: Floats
    low: Floats
    high: Floats
    churned: Floats
    value: Floats

    def of(self, mask: npt.NDArray[np.bool_]) -> Told:
        """Return some of the customers."""
        parts = (self.p, self.expected, self.low, self.high, self.churned, self.value)
        return Told(*(part[mask] for part in parts))


@dataclass(frozen=True, slots=True)
class MixedHoldout(HeldOut):
    """How a model of regular amounts did; ``how`` says who was held out."""

    how: dict[str, str]

    @property
    def reason(self) -> str:
        """Say why it is served, or what is served in its place."""
        if len(self.passed) == 2:
            return f"grade {self.grade}: beats every simple method"
        lost = " and ".join(t for t in ("churn", "value") if t not in self.passed)
        told = f"grade {self.grade}: for {lost} no better than a simple method"
        if simple := SIMPLE.get(self.served["churn"]):
            return f"{told}, so {simple}"
        return told

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        words = self.say(MEANING)
        return {**self.describe(), "how": self.how, "grade_in_words": words}


MEANING = {
    "A": (
        "clearly better than the simple methods: use the lists as they are",
        "明显优于简单方法：名单可直接使用",
    ),
    "B": (
        "better than the simple methods: use the lists, trust the order more than the "
        "exact figures",
        "优于简单方法：名单可用，排序比具体数值更可信",
    ),
    "C": (
        "better than the simple methods at one of the two questions",
        "两个问题中只有一个优于简单方法",
    ),
    "D": (
        "no better than the simple methods, the best of which is served; more "
        "customers, and attributes that move before a customer leaves, would help most",
        "不优于简单方法，因此使用其中最好的；更多客户和流失前会变化的属性最有帮助",
    ),
}


def judge_told(
    told: Told,
    *,
    origin: Origin,
    baselines: Mapping[str, Mapping[str, Floats]],
    slices: dict[str, dict[str, dict[str, Any]]],
    gate: Gate,
    how: dict[str, str],
    servable: Sequence[str] = (LOGISTIC,),
) -> MixedHoldout:
    """Compare a model with the simple methods where none of them had been.

    Parameters
    ----------
    told : Told
    origin : Origin
    baselines : mapping
        ``churn`` and ``value`` to the scores of each simple method.
    slices : dict
    gate : Gate
    how : dict
        How the customers were held out, in English and in Chinese.
    servable : sequence of str
        The simple methods that can be served in the place of a model that is no better.
    """
    churned, value = told.churned, told.value
    churn = {MODEL: churn_ranking(churned, told.p) | churn_calibration(churned, told.p)}
    found = {
        MODEL: value_ranking(value, told.expected)
        | value_calibration(value, told.expected)
        | {"coverage": coverage(value, told.low, told.high)}
    }
    churn |= {n: churn_ranking(churned, s) for n, s in baselines["churn"].items()}
    found |= {n: value_ranking(value, s) for n, s in baselines["value"].items()}
    passed = gate.pass_(churn, found)
    best = max((n for n in servable if n in churn), key=lambda n: churn[n]["auc"])
    served = MODEL if "churn" in passed else best
    return MixedHoldout(
        origin=origin,
        n_customers=len(churned),
        churn_rate=float(churned.mean()),
        total_value=float(value.sum()),
        churn=churn,
        value=found,
        reliability=reliability(churned, told.p),
        deciles=value_deciles(value, told.expected),
        slices=slices,
        passed=passed,
        served={"churn": served, "value": served},
        served_ranking={
            "churn_served_auc": churn[served]["auc"],
            "value_served_gini": found[MODEL]["gini"],
        },
        grade=gate.grade(churn, found, passed),
        how=how,
        p=told.p,
        expected=told.expected,
        churned=churned,
        actual=value,
    )


def measure_told(told: Told) -> dict[str, Any]:
    """Return the measures of some customers, None where they are too few."""
    n = len(told.p)
    both = n >= 30 and told.churned.min() < told.churned.max()
    value, expected = told.value, told.expected
    return {
        "n_customers": n,
        "churn_rate": float(told.churned.mean()),
        "churn_expected": float(told.p.mean()),
        "auc": churn_ranking(told.churned, told.p)["auc"] if both else None,
        "brier": churn_calibration(told.churned, told.p)["brier"],
        "ece": churn_calibration(told.churned, told.p)["ece"] if n >= 30 else None,
        "value_mean": float(value.mean()),
        "gini": value_ranking(value, expected)["gini"] if both else None,
        "mae": value_calibration(value, expected)["mae"],
        "total_error": value_calibration(value, expected)["total_error"]
        if value.sum() > 0
        else None,
        "coverage": coverage(value, told.low, told.high),
    }


def measure_slices(
    told: Told, slices: Mapping[str, npt.NDArray[np.str_]]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the measures of every slice, by what the customers are sliced by."""
    return {
        by: {
            str(name): measure_told(told.of(member == name))
            for name in np.unique(member)
        }
        for by, member in slices.items()
    }
