"""The gate that a model has to pass before it is served, and the grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from training.origin import MODEL

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


def best_simple(table: Figures, metric: str) -> tuple[str, float]:
    """Return the name and the figure of the best method that is no model."""
    best = max((n for n in table if n != MODEL), key=lambda n: table[n][metric])
    return best, table[best][metric]


def gain(table: Figures, metric: str) -> float:
    """Return by how much the model beats the best simple method."""
    return table[MODEL][metric] - best_simple(table, metric)[1]
