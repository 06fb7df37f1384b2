"""Where a customer stands between the first order and the last.

Silence is the days since the last order. It is held against the customer's usual gap:
the larger of the mean and the median of the days between its purchase days, and the
horizon for those who bought on one day only. The first line that holds is the stage:

========  ==================================================================
stage     who
========  ==================================================================
new       first order within the last horizon, and 90 days at most
lost      silent for more than 4 usual gaps, and more than 2 horizons
dormant   silent for more than 3 usual gaps, and more than a horizon
one_time  bought on one day only
slipping  silent for more than 1.5 usual gaps, and more than a quarter horizon
loyal     bought on 4 days or more, a customer for more than 2 horizons, and the
          usual gap is a horizon or less
repeat    everybody else
========  ==================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

STAGES = ("new", "one_time", "repeat", "loyal", "slipping", "dormant", "lost")

NEEDED = (
    "days_since_last_order",
    "days_since_first_order",
    "n_purchase_days",
    "gap_mean",
    "gap_median",
)
"""The features that decide."""

SLIPPING, DORMANT, LOST = (1.5, 0.25), (3.0, 1.0), (4.0, 2.0)
"""Silence beyond which: in usual gaps, and in horizons."""

NEW_DAYS = 90.0
LOYAL_DAYS, LOYAL_HORIZONS = 4, 2.0

LABELS = {
    "new": {"en": "New", "zh": "新客户"},
    "one_time": {"en": "Bought once", "zh": "仅购买一次"},
    "repeat": {"en": "Repeat", "zh": "复购客户"},
    "loyal": {"en": "Loyal", "zh": "忠诚客户"},
    "slipping": {"en": "Slipping away", "zh": "正在流失"},
    "dormant": {"en": "Dormant", "zh": "沉睡客户"},
    "lost": {"en": "Lost", "zh": "已流失"},
}


def lifecycle_stage(
    features: Mapping[str, Any] | pd.DataFrame, *, horizon: timedelta
) -> npt.NDArray[np.str_]:
    """Return the one stage of each customer.

    Parameters
    ----------
    features : mapping or DataFrame
        Columns of shape (n_customers,), by name; the gaps are NaN for those who bought
        on one day only.
    horizon : timedelta
        Length of the label window.

    Returns
    -------
    ndarray of shape (n_customers,)

    Examples
    --------
    >>> features = {
    ...     "days_since_last_order": [5, 40, 100],
    ...     "days_since_first_order": [5, 400, 400],
    ...     "n_purchase_days": [1, 20, 2],
    ...     "gap_mean": [float("nan"), 19.0, 300.0],
    ...     "gap_median": [float("nan"), 14.0, 300.0],
    ... }
    >>> lifecycle_stage(features, horizon=timedelta(days=90)).tolist()
    ['new', 'slipping', 'repeat']
    """
    silence, tenure, n_days, gap_mean, gap_median = (
        np.asarray(features[name], dtype=np.float64) for name in NEEDED
    )
    days = horizon / timedelta(days=1)
    gap = np.fmax(gap_mean, gap_median)
    once = (n_days < 2) | np.isnan(gap)
    usual = np.where(once, days, gap)

    def is_silent(limits: tuple[float, float]) -> npt.NDArray[np.bool_]:
        return silence > np.maximum(limits[0] * usual, limits[1] * days)

    is_steady = (n_days >= LOYAL_DAYS) & (tenure > LOYAL_HORIZONS * days)
    rules = {
        "new": tenure <= min(days, NEW_DAYS),
        "lost": is_silent(LOST),
        "dormant": is_silent(DORMANT),
        "one_time": once,
        "slipping": is_silent(SLIPPING),
        "loyal": is_steady & (usual <= days),
    }
    return np.select(list(rules.values()), list(rules), default="repeat")
