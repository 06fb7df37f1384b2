"""Bands of churn risk."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BANDS = ("low", "medium", "high")
LEAST_MEDIUM, LEAST_HIGH = 0.33, 0.66
"""The cuts that retention teams know from Dynamics 365 and Klaviyo."""

LABELS = {
    "low": {"en": "Low risk", "zh": "低风险"},
    "medium": {"en": "Medium risk", "zh": "中风险"},
    "high": {"en": "High risk", "zh": "高风险"},
}


def risk_band(churn_probability: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """Return each customer's band, None where there is no probability.

    Examples
    --------
    >>> risk_band([0.1, 0.33, 0.66, float("nan")]).tolist()
    ['low', 'medium', 'high', None]
    """
    p = np.asarray(churn_probability, dtype=np.float64)
    place = np.searchsorted([LEAST_MEDIUM, LEAST_HIGH], p, side="right")
    place[np.isnan(p)] = len(BANDS)
    return np.asarray(np.array([*BANDS, None], dtype=object)[place])
