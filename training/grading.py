"""Judge a model on a later period against what simple methods give there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.customer_model import Forecast
from models.simple import WORDS
from training.baselines import BASELINES, judge_churn, judge_value
from training.fit import Fitted
from training.metrics import (
    churn_calibration,
    churn_ranking,
    coverage,
    reliability,
    value_calibration,
    value_deciles,
    value_ranking,
)
from training.schedule import Origin
from training.served import choose_served
from training.slices import Outcome, measure_slices, slice_customers

__all__ = ["BASELINES", "Gate", "Holdout", "grade_in_words", "judge"]

Floats = npt.NDArray[np.float64]
Ranking = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Gate:
    """What a model has to show on the later period before it is served.

    Parameters
    ----------
    min_auc_gain, min_gini_gain : float
        Over the best baseline. A model that falls short is not served: the best of
        the simple methods is.
    clear_gain : float
        Gain in AUC or Gini that makes a grade of A.
    max_ece, max_total_error : float
        Beyond which no A is given.
    max_auc_loss, max_gini_loss : float
        A version that falls behind the champion by more, on the same holdout, is not
        promoted.
    """

    min_auc_gain: float = 0.0
    min_gini_gain: float = 0.0
    clear_gain: float = 0.01
    max_ece: float = 0.05
    max_total_error: float = 0.25
    max_auc_loss: float = 0.01
    max_gini_loss: float = 0.01


@dataclass(frozen=True, slots=True)
class Holdout:
    """How the model and the baselines did after the instant they were fitted at.

    Parameters
    ----------
    origin : Origin
    n_customers : int
    churn_rate : float
    total_value : float
    churn, value : dict
        Name (``model`` or a baseline) to its metrics.
    reliability, deciles : list
        Expected against actual, in tenths.
    slices : dict
        Kind of slice to slice to its measures.
    passed : tuple of str
        The models that beat every baseline: ``churn``, ``value``.
    served : dict
        ``churn`` and ``value`` to what may be served: ``model``, or the best of the
        simple methods that can stand in.
    served_ranking : dict
        ``churn_served_auc`` and ``value_served_gini``: theirs.
    grade : str
        ``A`` to ``D``.
    """

    origin: Origin
    n_customers: int
    churn_rate: float
    total_value: float
    churn: dict[str, dict[str, float]]
    value: dict[str, dict[str, float]]
    reliability: list[dict[str, Any]]
    deciles: list[dict[str, Any]]
    slices: dict[str, dict[str, dict[str, Any]]]
    passed: tuple[str, ...]
    served: dict[str, str]
    served_ranking: dict[str, float]
    grade: str
    p: Floats
    expected: Floats
    churned: Floats
    actual: Floats

    def best_baseline(self, target: str) -> tuple[str, float]:
        """Return the best simple method's name and its AUC (churn) or Gini (value)."""
        table, metric = _ruler(self, target)
        best = max(BASELINES, key=lambda name: table[name][metric])
        return best, table[best][metric]

    @property
    def reason(self) -> str:
        """Say why it is served, or what is served in its place."""
        if len(self.passed) == 2:
            return f"grade {self.grade}: beats every simple method"
        told = " and ".join(
            f"{target} is served by {WORDS[target][method]}"
            for target, method in self.served.items()
            if target not in self.passed
        )
        return f"grade {self.grade}: no better than simple methods, so {told}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "as_of": self.origin.as_of.isoformat(),
            "horizon_days": self.origin.horizon_days,
            "n_customers": self.n_customers,
            "churn_rate": self.churn_rate,
            "total_value": self.total_value,
            "churn": self.churn,
            "value": self.value,
            "reliability": self.reliability,
            "value_deciles": self.deciles,
            "slices": self.slices,
            "passed": list(self.passed),
            "served": self.served,
            "grade": self.grade,
            "grade_in_words": grade_in_words(self),
        }


def judge(fitted: Fitted, labels: pd.DataFrame, *, gate: Gate) -> Holdout:
    """Compare a model fitted at its target's ``as_of`` with what came after.

    Parameters
    ----------
    fitted : Fitted
        Saw nothing of ``labels``.
    labels : DataFrame
        Of the target, in the order of the fitted features.
    gate : Gate

    Returns
    -------
    Holdout
    """
    features, origin = fitted.features, fitted.schedule.target
    churned = labels["churned"].to_numpy(dtype=np.float64)
    value = labels["value"].to_numpy(dtype=np.float64)
    spend = np.maximum(value, 0.0)
    X = fitted.model.design(features)
    forecast = fitted.model.predict(X)
    p, expected = forecast.churn_probability, forecast.expected_value
    churn = {"model": {**churn_ranking(churned, p), **churn_calibration(churned, p)}}
    found = {
        "model": {
            **value_ranking(spend, expected),
            **value_calibration(value, expected),
            "coverage": coverage(value, forecast.value_low, forecast.value_high),
        }
    }
    churn |= judge_churn(features, churned, days=origin.horizon_days)
    found |= judge_value(features, spend, days=origin.horizon_days)
    passed = _passed(churn, found, gate)
    served, ranking = choose_served(X, churned, spend, tables=(churn, found, passed))
    return Holdout(
        origin=origin,
        n_customers=len(features),
        churn_rate=float(churned.mean()),
        total_value=float(value.sum()),
        churn=churn,
        value=found,
        reliability=reliability(churned, p),
        deciles=value_deciles(value, expected),
        slices=_slices(features, origin, forecast, truth=(churned, value)),
        passed=passed,
        served=served,
        served_ranking=ranking,
        grade=_grade(churn, found, passed, gate=gate),
        p=p,
        expected=expected,
        churned=churned,
        actual=value,
    )


def grade_in_words(holdout: Holdout) -> dict[str, str]:
    """Say in English and in Chinese what the grade means for a user."""
    name, auc = holdout.best_baseline("churn")
    other, gini = holdout.best_baseline("value")
    figures = (
        f"AUC {holdout.churn['model']['auc']:.3f} ({name} {auc:.3f}), "
        f"Gini {holdout.value['model']['gini']:.3f} ({other} {gini:.3f})"
    )
    meaning = {
        "A": (
            "clearly better than the simple methods: use the lists as they are",
            "明显优于简单方法：名单可直接使用",
        ),
        "B": (
            "better than the simple methods: use the lists, trust the order more than "
            "the exact figures",
            "优于简单方法：名单可用，排序比具体数值更可信",
        ),
        "C": (
            "better at one of the two questions; a simple method answers the other",
            "两个问题中只有一个优于简单方法，另一个由简单方法给出",
        ),
        "D": (
            "no better than the simple methods, which are served in its place; a "
            "longer log, products and contacts would help most",
            "不优于简单方法，因此改用简单方法；更长的历史、商品和互动数据最有帮助",
        ),
    }[holdout.grade]
    return {"en": f"{meaning[0]}. {figures}", "zh": f"{meaning[1]}。{figures}"}


def _slices(
    features: pd.DataFrame,
    origin: Origin,
    forecast: Forecast,
    *,
    truth: tuple[Floats, Floats],
) -> dict[str, dict[str, dict[str, Any]]]:
    outcome = Outcome(
        p=forecast.churn_probability,
        expected=forecast.expected_value,
        low=forecast.value_low,
        high=forecast.value_high,
        churned=truth[0],
        value=truth[1],
    )
    horizon = timedelta(days=origin.horizon_days)
    return measure_slices(outcome, slice_customers(features, horizon=horizon))


def _passed(
    churn: Mapping[str, Mapping[str, float]],
    value: Mapping[str, Mapping[str, float]],
    gate: Gate,
) -> tuple[str, ...]:
    gains = {
        "churn": _gain(churn, "auc") - gate.min_auc_gain,
        "value": _gain(value, "gini") - gate.min_gini_gain,
    }
    return tuple(target for target, gain in gains.items() if gain > 0)


def _gain(table: Mapping[str, Mapping[str, float]], metric: str) -> float:
    return table["model"][metric] - max(table[name][metric] for name in BASELINES)


def _grade(
    churn: Mapping[str, Mapping[str, float]],
    value: Mapping[str, Mapping[str, float]],
    passed: tuple[str, ...],
    *,
    gate: Gate,
) -> str:
    if len(passed) < 2:
        return "C" if passed else "D"
    clear = max(_gain(churn, "auc"), _gain(value, "gini")) >= gate.clear_gain
    level = churn["model"]["ece"] <= gate.max_ece
    total = abs(value["model"]["total_error"]) <= gate.max_total_error
    return "A" if clear and level and total else "B"


def _ruler(holdout: Holdout, target: str) -> tuple[dict[str, dict[str, float]], str]:
    if target == "churn":
        return holdout.churn, "auc"
    return holdout.value, "gini"
