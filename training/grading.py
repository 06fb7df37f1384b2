"""Judge a model on a later period against what simple methods give there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.purchases.simple import WORDS
from models.score.forecast import Forecast
from training.baselines import BASELINES, judge_churn, judge_value
from training.fit import Fitted
from training.holdout import Gate, HeldOut
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
MEANINGS = {
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
}


@dataclass(frozen=True, slots=True)
class Holdout(HeldOut):
    """How the model and the baselines did after the instant they were fitted at."""

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
        return {**self.describe(), "grade_in_words": grade_in_words(self)}


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
    passed = gate.pass_(churn, found)
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
        grade=gate.grade(churn, found, passed),
        p=p,
        expected=expected,
        churned=churned,
        actual=value,
    )


def grade_in_words(holdout: Holdout) -> dict[str, str]:
    """Say in English and in Chinese what the grade means for a user."""
    return holdout.say(MEANINGS)


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
