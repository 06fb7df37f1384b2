"""The same measures, slice by slice: who is told well, and who is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.purchases.lifecycle import STAGES, lifecycle_stage
from models.purchases.model import TIER_QUANTITY
from models.tiers.abc import TIERS, assign_tiers, fit_tiers
from training.metrics import (
    churn_calibration,
    churn_ranking,
    coverage,
    value_calibration,
    value_ranking,
)

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

TENURES = ("under one horizon", "one to two horizons", "older")
PURCHASES = ("bought on one day", "bought again")

LEAST_TO_RANK = 30
"""Customers of a slice below which an order of them says nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was foretold of each customer, and what came.

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

    def of(self, mask: Mask) -> Outcome:
        """Return the same of some customers."""
        parts = (self.p, self.expected, self.low, self.high, self.churned, self.value)
        return Outcome(*(part[mask] for part in parts))


def slice_customers(
    features: pd.DataFrame, *, horizon: timedelta
) -> dict[str, dict[str, Mask]]:
    """Say which customers are in each slice.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
    horizon : timedelta
        Length of the label window.

    Returns
    -------
    dict
        ``tier``, ``lifecycle_stage``, ``tenure`` and ``purchases``, each a dict of
        slice to a mask of shape (n_customers,). In each, every customer is in one.
    """
    quantity = features[TIER_QUANTITY].to_numpy(dtype=np.float64)
    tier = tiers_of(quantity)
    stage = lifecycle_stage(features, horizon=horizon)
    days = features["days_since_first_order"].to_numpy(dtype=np.float64)
    horizons = days / (horizon / timedelta(days=1))
    tenure = np.array(TENURES)[(horizons >= 1).astype(int) + (horizons >= 2)]
    again = features["n_purchase_days"].to_numpy(dtype=np.float64) > 1
    purchases = np.array(PURCHASES)[again.astype(int)]
    return {
        "tier": _masks(tier, TIERS),
        "lifecycle_stage": _masks(stage, STAGES),
        "tenure": _masks(tenure, TENURES),
        "purchases": _masks(purchases, PURCHASES),
    }


def tiers_of(quantity: Floats) -> npt.NDArray[np.str_]:
    """Return each customer's tier among these."""
    return assign_tiers(quantity, fit_tiers(quantity))


def measure_slices(
    outcome: Outcome, slices: dict[str, dict[str, Mask]]
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


def measure(outcome: Outcome) -> dict[str, Any]:
    """Return the measures of some customers.

    None stands where there are too few customers to rank, all did the same, or
    nothing was spent.
    """
    n, spend = len(outcome.p), np.maximum(outcome.value, 0.0)
    ranks = n >= LEAST_TO_RANK
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


def _masks(member: npt.NDArray[np.str_], names: tuple[str, ...]) -> dict[str, Mask]:
    return {name: member == name for name in names}
