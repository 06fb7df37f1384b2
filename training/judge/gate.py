"""What every judgement holds, whichever the kind of churn; the gate; the grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from training.fit.pair import MODEL
from training.fit.schedule import Origin

Floats = npt.NDArray[np.float64]
Figures = Mapping[str, Mapping[str, float]]
"""Name of a method to its measures."""

METRICS = {"churn": "auc", "value": "gini"}
"""What each question is judged by."""


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

    def pass_(self, churn: Figures, value: Figures) -> tuple[str, ...]:
        """Return the questions at which the model beats every simple method."""
        gains = {
            "churn": gain(churn, "auc") - self.min_auc_gain,
            "value": gain(value, "gini") - self.min_gini_gain,
        }
        return tuple(target for target, gained in gains.items() if gained > 0)

    def grade(self, churn: Figures, value: Figures, passed: tuple[str, ...]) -> str:
        """Return the grade, ``A`` to ``D``."""
        if len(passed) < 2:
            return "C" if passed else "D"
        clear = max(gain(churn, "auc"), gain(value, "gini")) >= self.clear_gain
        level = churn[MODEL]["ece"] <= self.max_ece
        total = abs(value[MODEL]["total_error"]) <= self.max_total_error
        return "A" if clear and level and total else "B"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How the model and the simple methods did on customers they had not seen.

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
        table = self.churn if target == "churn" else self.value
        return best_simple(table, METRICS[target])

    def describe(self) -> dict[str, Any]:
        """Return all but the customers and the words, in plain JSON values."""
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
        }

    def say(self, meanings: Mapping[str, tuple[str, str]]) -> dict[str, str]:
        """Say in English and in Chinese what the grade means, with its figures."""
        name, auc = self.best_baseline("churn")
        other, gini = self.best_baseline("value")
        figures = (
            f"AUC {self.churn[MODEL]['auc']:.3f} ({name} {auc:.3f}), "
            f"Gini {self.value[MODEL]['gini']:.3f} ({other} {gini:.3f})"
        )
        en, zh = meanings[self.grade]
        return {"en": f"{en}. {figures}", "zh": f"{zh}。{figures}"}


def best_simple(table: Figures, metric: str) -> tuple[str, float]:
    """Return the name and the figure of the best method that is no model."""
    best = max((n for n in table if n != MODEL), key=lambda n: table[n][metric])
    return best, table[best][metric]


def gain(table: Figures, metric: str) -> float:
    """Return by how much the model beats the best simple method."""
    return table[MODEL][metric] - best_simple(table, metric)[1]
