"""Which slice each customer is in: who is predicted well, and who is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.purchases.lifecycle import STAGES, lifecycle_stage
from models.purchases.model import TIER_QUANTITY
from models.recurring.model import RecurringModel
from models.tiers.abc import assign_tiers, fit_tiers
from models.tiers.definition.scheme import TIERS
from training.judge.outcome import Slices, to_masks

Floats = npt.NDArray[np.float64]

TENURES = ("under one horizon", "one to two horizons", "older")
PURCHASES = ("bought on one day", "bought again")


def slice_buyers(features: pd.DataFrame, *, horizon: timedelta) -> Slices:
    """Say which buyers are in each slice.

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
    days = features["days_since_first_order"].to_numpy(dtype=np.float64)
    horizons = days / (horizon / timedelta(days=1))
    tenure = np.array(TENURES)[(horizons >= 1).astype(int) + (horizons >= 2)]
    is_repeat = features["n_purchase_days"].to_numpy(dtype=np.float64) > 1
    purchases = np.array(PURCHASES)[is_repeat.astype(int)]
    stages = lifecycle_stage(features, horizon=horizon)
    return {
        "tier": to_masks(tiers_of(quantity), TIERS),
        "lifecycle_stage": to_masks(stages, STAGES),
        "tenure": to_masks(tenure, TENURES),
        "purchases": to_masks(purchases, PURCHASES),
    }


def slice_payers(
    model: RecurringModel, X: pd.DataFrame, *, by: Sequence[str]
) -> Slices:
    """Say which slice each customer is in: by tier, stage, and some categories."""
    slices = {
        "tier": to_masks(tiers_of(model.tier_quantity(X))),
        "lifecycle_stage": to_masks(model.stage(X)),
    }
    for name in by:
        levels = model.plan.categories[name]
        codes = X[name].to_numpy(dtype=np.float64)
        places = np.where(np.isnan(codes), len(levels), codes).astype(int)
        slices[name] = to_masks(np.array([*levels, "other"])[places])
    return slices


def tiers_of(quantity: Floats) -> npt.NDArray[np.str_]:
    """Return each customer's tier among these."""
    return assign_tiers(quantity, fit_tiers(quantity))
