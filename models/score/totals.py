"""How far the total of a list may lie from what is expected of it.

The customers of a list miss apart from each other, and their misses cancel; the level
of buying moves them all alike, and does not. Both are needed: a band added up customer
by customer would be far too wide, and one without the level far too narrow.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

Floats = npt.NDArray[np.float64]

COVERAGE = 0.9
"""Of the customers' bands, and of the total's."""

RARELY = 0.2
"""Chance to buy below which a customer's band says little of the whole."""

RARE_TOP, RARE_CHANCE = 1.3, 0.05
"""Where chances are not given: the upper end over the mean up to which a band from 0
is taken to be a rare buyer's, and the chance of one."""


def total_interval(
    expected: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    *,
    spread: float,
    churn_probability: npt.ArrayLike | None = None,
) -> tuple[float, float]:
    """Return the ends between which the total of a list lies nine times in ten.

    Parameters
    ----------
    expected : array-like of shape (n_customers,)
        Expected value of each customer on the list.
    low, high : array-like of shape (n_customers,)
        The ends of their bands, as ``ValueIntervals`` gives them.
    spread : float
        Standard deviation of the logarithm of the common level, ``Level.spread``.
    churn_probability : array-like of shape (n_customers,) or None
        Makes the ends truer for lists of customers who hardly ever buy.

    Returns
    -------
    tuple of float
        Both 0 for an empty list.

    Examples
    --------
    >>> low, high = total_interval([100.0] * 400, [20.0] * 400, [260.0] * 400, spread=0)
    >>> round(low), round(high)
    (36883, 43278)

    Notes
    -----
    The total is taken as lognormal: a sum of independent customers times a common
    level. A band is skewed, so it is the way from the mean to its upper end that tells
    a customer's standard deviation. The band of one who buys less often than one time
    in five hardly reaches above the mean: there it is taken from the chance itself,
    with exponential amounts.
    """
    mean = np.asarray(expected, dtype=np.float64)
    total = float(mean.sum())
    if total <= 0:
        return 0.0, 0.0
    bottom, top = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    if churn_probability is None:
        active = np.where((bottom <= 0) & (top < RARE_TOP * mean), RARE_CHANCE, 1.0)
    else:
        active = 1.0 - np.asarray(churn_probability, dtype=np.float64)
    rare = mean * np.sqrt(2.0 / np.maximum(active, 1e-6) - 1.0)
    deviation = np.where(active < RARELY, rare, _deviation(mean, bottom, top))
    alone = float(np.sum(deviation**2))
    apart = float(np.log1p(alone / total**2))
    reach = float(norm.ppf((1 + COVERAGE) / 2)) * float(np.sqrt(apart + spread**2))
    middle = np.log(total) - apart / 2
    return float(np.exp(middle - reach)), float(np.exp(middle + reach))


def _deviation(expected: Floats, low: Floats, high: Floats) -> Floats:
    """Return the standard deviation that each customer's band stands for."""
    above = np.maximum(high - expected, 0.0)
    from_zero = low <= 0
    steps = norm.ppf(np.where(from_zero, COVERAGE, (1 + COVERAGE) / 2))
    deviation = above / steps
    return np.where(from_zero, np.maximum(deviation, expected), deviation)
