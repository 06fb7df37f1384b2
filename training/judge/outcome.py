"""What was predicted of customers beside what came, measured whole and in slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from models.score.forecast import Forecast
from training.judge.metrics import (
    churn_calibration,
    churn_ranking,
    coverage,
    value_calibration,
    value_ranking,
)

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Slices = Mapping[str, Mapping[str, Mask]]
"""What customers are sliced by, to the name of a slice, to who is in it."""

MIN_CUSTOMERS_TO_RANK = 30
"""Customers of a slice below which an order of them says nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was predicted of each customer, and what came.

    Parameters
    ----------
    p, expected, low, high : ndarray of shape (n,)
        Churn probability, expected value and the ends of its band.
    churned, value : ndarray of shape (n,)
        What came: 1 for churned, and net spend.
    """

    p: Floats
    expected: Floats
    low: Floats
    high: Floats
    churned: Floats
    value: Floats

    @classmethod
    def of_forecast(
        cls, forecast: Forecast, *, churned: Floats, value: Floats
    ) -> Outcome:
        """Put what came beside a forecast."""
        return cls(
            p=forecast.churn_probability,
            expected=forecast.expected_value,
            low=forecast.value_low,
            high=forecast.value_high,
            churned=churned,
            value=value,
        )

    @property
    def spend(self) -> Floats:
        """Return what came, returns beyond purchases counted as nothing."""
        return np.maximum(self.value, 0.0)

    def of(self, mask: Mask) -> Outcome:
        """Return the same of some customers."""
        return Outcome(*(getattr(self, field.name)[mask] for field in fields(self)))


def measure(outcome: Outcome) -> dict[str, Any]:
    """Return the measures of some customers.

    None stands where there are too few customers to rank, all did the same, or
    nothing was spent.
    """
    n, spend = len(outcome.p), outcome.spend
    ranks = n >= MIN_CUSTOMERS_TO_RANK
    both = ranks and outcome.churned.min() < outcome.churned.max()
    differ = ranks and float(np.ptp(spend)) > 0
    churn = churn_calibration(outcome.churned, outcome.p)
    value = value_calibration(outcome.value, outcome.expected)
    return {
        "n_customers": n,
        "churn_rate": float(outcome.churned.mean()),
        "churn_expected": float(outcome.p.mean()),
        "auc": churn_ranking(outcome.churned, outcome.p)["auc"] if both else None,
        "brier": churn["brier"],
        "ece": churn["ece"] if ranks else None,
        "value_mean": float(outcome.value.mean()),
        "gini": value_ranking(spend, outcome.expected)["gini"] if differ else None,
        "mae": value["mae"],
        "total_error": value["total_error"] if outcome.value.sum() > 0 else None,
        "coverage": coverage(outcome.value, outcome.low, outcome.high),
    }


def measure_slices(
    outcome: Outcome, slices: Slices
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return ``measure`` of every slice that anybody is in."""
    return {
        by: {
            name: measure(outcome.of(mask))
            for name, mask in masks.items()
            if mask.any()
        }
        for by, masks in slices.items()
    }


def to_masks(
    member: npt.NDArray[np.str_], names: Sequence[str] | None = None
) -> dict[str, Mask]:
    """Return who is in each slice, in the order of the names or else of the alphabet.

    Parameters
    ----------
    member : ndarray of shape (n_customers,)
        The slice of each customer.
    names : sequence of str or None
    """
    ordered = np.unique(member).tolist() if names is None else names
    return {str(name): member == name for name in ordered}
