"""MBG/CNBD-k: BG/NBD for customers who buy more evenly than at random.

The time between purchases is Erlang of shape k; after each, the first among them, a
customer leaves with a chance of their own. Reutterer, Platzer and Schroeder (2021),
"Leveraging purchase regularity for predicting customer behavior the easy way".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

Floats = npt.NDArray[np.float64]

SHAPES = (1, 2, 3, 4)
"""Of the times between purchases; the likeliest is taken."""

CUSTOMERS_TO_FIT = 4_000
LOG_BOUND = 12.0


@dataclass(frozen=True, slots=True)
class Histories:
    """When each customer bought.

    Parameters
    ----------
    x, last, age : ndarray of shape (n,)
        Purchase days after the first; days from the first to the last, and to now.
    log_gaps : ndarray of shape (n,)
        Sum of the logarithms of the days between purchases.
    """

    x: Floats
    last: Floats
    age: Floats
    log_gaps: Floats

    def some(self, n: int) -> Histories:
        """Return n of them, evenly spaced, where there are more."""
        step = max(1, -(-len(self.x) // n))
        parts = (self.x, self.last, self.age, self.log_gaps)
        return Histories(*(part[::step] for part in parts))


@dataclass(frozen=True, slots=True)
class CNBD:
    """MBG/CNBD-k with its parameters.

    Parameters
    ----------
    k : int
    r, alpha, a, b : float
        Of the gamma of rates and the beta of chances to leave.
    log_likelihood : float
        Of what it was fitted on.
    """

    k: int
    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def p_alive(self, past: Histories) -> Floats:
        """Return the probability of not having left."""
        gone = np.log(self.a) - np.log(self.b + past.x)
        gone = gone + _steps(self, past) * np.log(
            (self.alpha + past.age) / (self.alpha + past.last)
        )
        waits = np.log(_waiting(self, past, past.age))
        return np.asarray(1.0 / (1.0 + np.exp(gone - waits)))

    def p_active(self, past: Histories, days: float) -> Floats:
        """Return the probability of a purchase in the next days."""
        later = past.age + days
        silent = np.exp(
            -_steps(self, past) * np.log((self.alpha + later) / (self.alpha + past.age))
        )
        silent *= _waiting(self, past, later) / _waiting(self, past, past.age)
        return np.asarray(self.p_alive(past) * (1.0 - silent))

    def expected_orders(self, past: Histories, days: float) -> Floats:
        """Return the purchase days to expect, at the mean chance to leave."""
        leaving = self.a / (self.a + self.b + past.x + 1.0)
        span = days / (self.k * (self.alpha + past.age))
        steps = _steps(self, past)
        orders = -np.expm1(-steps * np.log1p(span * leaving)) / leaving
        return np.asarray(self.p_alive(past) * orders)


def fit_cnbd(past: Histories) -> CNBD:
    """Find the likeliest of ``SHAPES`` and its parameters."""
    sample = past.some(CUSTOMERS_TO_FIT)
    fits = [_fit_shape(sample, k) for k in SHAPES]
    return max(fits, key=lambda fit: fit.log_likelihood)


def _fit_shape(past: Histories, k: int) -> CNBD:
    unit = max(float(past.age.mean()), 1.0)

    def loss(theta: Floats) -> float:
        r, alpha, a, b = np.exp(theta)
        model = CNBD(k, r, alpha * unit, a, b, 0.0)
        penalty = 1e-4 * float((theta * theta).sum())
        return penalty - float(log_likelihood(model, past).mean())

    best = minimize(
        loss,
        np.log([1.0, 1.0 / k, 0.5, 2.0]),
        method="L-BFGS-B",
        bounds=[(-LOG_BOUND, LOG_BOUND)] * 4,
    )
    r, alpha, a, b = (float(part) for part in np.exp(best.x))
    model = CNBD(k, r, alpha * unit, a, b, 0.0)
    return CNBD(k, r, alpha * unit, a, b, float(log_likelihood(model, past).sum()))


def log_likelihood(model: CNBD, past: Histories) -> Floats:
    """Return the log-likelihood of each history."""
    steps = _steps(model, past)
    density = (
        (model.k - 1) * past.log_gaps
        - past.x * gammaln(model.k)
        + betaln(model.a, model.b + past.x + 1.0)
        - betaln(model.a, model.b)
        + gammaln(steps)
        - gammaln(model.r)
        + model.r * np.log(model.alpha)
        - steps * np.log(model.alpha + past.age)
    )
    gone = np.exp(
        np.log(model.a)
        - np.log(model.b + past.x)
        + steps * np.log((model.alpha + past.age) / (model.alpha + past.last))
    )
    return np.asarray(density + np.log(gone + _waiting(model, past, past.age)))


def _steps(model: CNBD, past: Histories) -> Floats:
    """Return the shape of what is then believed of a customer's rate."""
    return np.asarray(model.r + model.k * past.x)


def _waiting(model: CNBD, past: Histories, until: Floats) -> Floats:
    """Return how much likelier the silence is by having waited a part of a step."""
    part = (until - past.last) / (model.alpha + until)
    term = np.ones(len(past.x))
    total = np.ones(len(past.x))
    for step in range(1, model.k):
        term = term * (_steps(model, past) + step - 1) * part / step
        total = total + term
    return total
