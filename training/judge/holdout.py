"""Judge a model on customers whose future it has not seen, beside simple methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from training.judge.gate import METRICS, Figures, Gate, best_simple
from training.judge.metrics import (
    churn_calibration,
    churn_ranking,
    coverage,
    reliability,
    value_calibration,
    value_deciles,
    value_ranking,
)
from training.judge.outcome import Outcome, Slices, measure_slices
from training.origin import MODEL, Origin

Floats = npt.NDArray[np.float64]
Text = Mapping[str, str]

BETTER: Mapping[str, Text] = {
    "A": {
        "en": "clearly better than the simple methods: use the lists as they are",
        "zh": "明显优于简单方法：名单可直接使用",
    },
    "B": {
        "en": "better than the simple methods: use the lists, trust the order more "
        "than the exact figures",
        "zh": "优于简单方法：名单可用，排序比具体数值更可信",
    },
}
"""What the grades mean that a model gets which beats every simple method."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How a kind of churn says what a grade means, and what is served instead.

    Parameters
    ----------
    grades : mapping of str to mapping
        ``C`` and ``D`` in English (``en``) and in Chinese (``zh``).
    say_instead : callable
        Says of what passed and of what is served why the model is not.
    """

    grades: Mapping[str, Text]
    say_instead: Callable[[Sequence[str], Mapping[str, str]], str]


@dataclass(frozen=True, slots=True)
class SimpleMethods:
    """What simple methods say of the customers that a model is judged on.

    Parameters
    ----------
    churn, value : mapping of str to sequence of ndarray of shape (n,)
        Name of a method to its scores, higher for likelier churn and for more value.
        Of several scores of a method, the best counts.
    stand_ins : mapping of str to mapping of str to ndarray of shape (n,)
        ``churn`` and ``value`` to the scores of what can be served in the place of a
        model that is no better. A question that has none follows from churn.
    """

    churn: Mapping[str, Sequence[Floats]]
    value: Mapping[str, Sequence[Floats]]
    stand_ins: Mapping[str, Mapping[str, Floats]]


@dataclass(frozen=True, slots=True)
class Holdout:
    """How the model and the simple methods did on customers they had not seen.

    Parameters
    ----------
    origin : Origin
    outcome : Outcome
    churn, value : dict
        Name (``model`` or a simple method) to its metrics.
    slices : dict
        Kind of slice to slice to its measures.
    passed : tuple of str
        The models that beat every simple method: ``churn``, ``value``.
    served : dict
        ``churn`` and ``value`` to what may be served: ``model``, or the best of the
        simple methods that can stand in.
    served_ranking : dict
        ``churn_served_auc`` and ``value_served_gini``: theirs.
    grade : str
        ``A`` to ``D``.
    wording : Wording
    how : mapping
        How the customers were held out, where the card says so.
    """

    origin: Origin
    outcome: Outcome
    churn: dict[str, dict[str, float]]
    value: dict[str, dict[str, float]]
    slices: dict[str, dict[str, dict[str, Any]]]
    passed: tuple[str, ...]
    served: dict[str, str]
    served_ranking: dict[str, float]
    grade: str
    wording: Wording
    how: Text = field(default_factory=dict)

    @property
    def n_customers(self) -> int:
        """How many customers it was judged on."""
        return len(self.outcome.p)

    @property
    def churn_rate(self) -> float:
        """The share of them that churned."""
        return float(self.outcome.churned.mean())

    @property
    def reason(self) -> str:
        """Say why it is served, or what is served in its place."""
        if len(self.passed) == len(METRICS):
            return f"grade {self.grade}: beats every simple method"
        instead = self.wording.say_instead(self.passed, self.served)
        return f"grade {self.grade}: {instead}"

    def best_baseline(self, target: str) -> tuple[str, float]:
        """Return the best simple method's name and its AUC (churn) or Gini (value)."""
        table = self.churn if target == "churn" else self.value
        return best_simple(table, METRICS[target])

    def grade_in_words(self) -> dict[str, str]:
        """Say in English and in Chinese what the grade means, with its figures."""
        name, auc = self.best_baseline("churn")
        other, gini = self.best_baseline("value")
        figures = (
            f"AUC {self.churn[MODEL]['auc']:.3f} ({name} {auc:.3f}), "
            f"Gini {self.value[MODEL]['gini']:.3f} ({other} {gini:.3f})"
        )
        meaning = {**BETTER, **self.wording.grades}[self.grade]
        return {
            "en": f"{meaning['en']}. {figures}",
            "zh": f"{meaning['zh']}。{figures}",
        }

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without the customers."""
        outcome = self.outcome
        return {
            "as_of": self.origin.as_of.isoformat(),
            "horizon_days": self.origin.horizon_days,
            "n_customers": self.n_customers,
            "churn_rate": self.churn_rate,
            "total_value": float(outcome.value.sum()),
            "churn": self.churn,
            "value": self.value,
            "reliability": reliability(outcome.churned, outcome.p),
            "value_deciles": value_deciles(outcome.value, outcome.expected),
            "slices": self.slices,
            "passed": list(self.passed),
            "served": self.served,
            "grade": self.grade,
            **({"how": dict(self.how)} if self.how else {}),
            "grade_in_words": self.grade_in_words(),
        }


def judge(
    outcome: Outcome,
    *,
    origin: Origin,
    methods: SimpleMethods,
    slices: Slices,
    gate: Gate,
    wording: Wording,
    how: Text | None = None,
) -> Holdout:
    """Compare a model with simple methods, none of which saw what came."""
    churn, value = measure_methods(outcome, methods)
    passed = gate.pass_(churn, value)
    served, ranking = choose_served(
        outcome, {"churn": churn, "value": value}, passed, methods.stand_ins
    )
    return Holdout(
        origin=origin,
        outcome=outcome,
        churn=churn,
        value=value,
        slices=measure_slices(outcome, slices),
        passed=passed,
        served=served,
        served_ranking=ranking,
        grade=gate.grade(churn, value, passed),
        wording=wording,
        how=how or {},
    )


def measure_methods(
    outcome: Outcome, methods: SimpleMethods
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Return the metrics of churn and those of value, by method, the model first."""
    churned, spend = outcome.churned, outcome.spend
    churn = {
        MODEL: churn_ranking(churned, outcome.p) | churn_calibration(churned, outcome.p)
    }
    value = {
        MODEL: value_ranking(spend, outcome.expected)
        | value_calibration(outcome.value, outcome.expected)
        | {"coverage": coverage(outcome.value, outcome.low, outcome.high)}
    }
    for name, scores in methods.churn.items():
        rankings = [churn_ranking(churned, score) for score in scores]
        churn[name] = max(rankings, key=lambda metrics: metrics["auc"])
    for name, scores in methods.value.items():
        rankings = [value_ranking(spend, score) for score in scores]
        value[name] = max(rankings, key=lambda metrics: metrics["gini"])
    return churn, value


def choose_served(
    outcome: Outcome,
    tables: Mapping[str, Figures],
    passed: Sequence[str],
    stand_ins: Mapping[str, Mapping[str, Floats]],
) -> tuple[dict[str, str], dict[str, float]]:
    """Return what may be served for each question, and how it ranks."""
    served: dict[str, str] = {}
    ranking: dict[str, float] = {}
    for target, metric in METRICS.items():
        options = stand_ins.get(target, {})
        figures = {MODEL: tables[target][MODEL][metric]}
        if target not in passed and options:
            figures = {
                name: _rank(target, outcome, score) for name, score in options.items()
            }
        best = max(figures, key=lambda name: figures[name])
        served[target] = best if options else served["churn"]
        ranking[f"{target}_served_{metric}"] = figures[best]
    return served, ranking


def _rank(target: str, outcome: Outcome, score: Floats) -> float:
    if target == "churn":
        return churn_ranking(outcome.churned, score)["auc"]
    return value_ranking(outcome.spend, score)["gini"]
