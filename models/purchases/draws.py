"""What customers may come to spend, drawn from BG/NBD and Gamma-Gamma.

Where no later period can show how far customers lie from what is expected of them, the
models themselves say how far they may.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.types import Floats
from models.purchases.btyd import HISTORY, BuyingModel, spend_days

MOST_ORDERS = 2_000
"""Orders of one customer in a draw: beyond them all have the rate of before."""


def draw_value(
    buying: BuyingModel, X: pd.DataFrame, *, days: float, seed: int
) -> Floats:
    """Draw what each customer spends in the next ``days``.

    Parameters
    ----------
    buying : BuyingModel
        Fitted.
    X : DataFrame of shape (n_customers, n_features)
        With the features that ``BuyingModel`` reads.
    days : float
    seed : int

    Returns
    -------
    ndarray of shape (n_customers,)
        One draw each, 0 where there is no order.

    Notes
    -----
    A customer who is still there orders at a rate drawn from its posterior, and leaves
    after each order with a chance drawn from its own (Fader, Hardie and Lee, 2005). The
    orders' sum is gamma, its rate drawn given the mean of the orders before (Fader and
    Hardie, 2013).
    """
    rng = np.random.default_rng(seed)
    n = _draw_orders(buying, X, days=days, rng=rng)
    spend = buying.spend_
    before, mean = spend_days(X)
    has_spend = mean > 0
    before, mean = np.where(has_spend, before, 0.0), np.where(has_spend, mean, 0.0)
    shape = spend.q_ + spend.p_ * before
    rate = rng.gamma(shape) / (spend.v_ + before * mean)
    drawn = rng.gamma(spend.p_ * np.maximum(n, 1.0)) / np.maximum(rate, 1e-300)
    return np.asarray(np.where(n > 0, drawn, 0.0))


def _draw_orders(
    buying: BuyingModel, X: pd.DataFrame, *, days: float, rng: np.random.Generator
) -> Floats:
    """Draw the orders of each customer in the next ``days``."""
    orders = buying.orders_
    history = X[list(HISTORY)].to_numpy(dtype=np.float64)
    x, _, age = history.T
    stays = x + float(orders.dropout_at_zero)
    rate = rng.gamma(orders.r_ + x) / (orders.alpha_ + age)
    leaves = rng.beta(orders.a_, orders.b_ + stays)
    there = rng.uniform(size=len(x)) < orders.p_alive(history)
    n, days_left = np.zeros(len(x)), np.full(len(x), float(days))
    for _ in range(MOST_ORDERS):
        days_left[there] -= rng.exponential(size=there.sum()) / rate[there]
        there &= days_left > 0
        if not there.any():
            return n
        n[there] += 1.0
        there &= rng.uniform(size=len(x)) >= leaves
    n[there] += rate[there] * days_left[there]
    return n
