"""Gamma-Gamma: what an order of a customer is worth on average.

A customer's orders vary around a mean of their own as a gamma of shape ``p``; the
means vary between customers with shape ``q`` and scale ``v``. A customer with few
orders is drawn towards everybody's mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, psi
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from features.errors import DataError
from features.types import Floats
from models.purchases.btyd_data import minimise_from

STARTS = ((2.0, 3.0, 1.0), (10.0, 2.0, 0.2), (1.0, 10.0, 10.0))
"""Where the search begins: p, q, and v in units of the median spend."""

LOG_BOUND = 12.0
LEAST_Q = 1.01
"""Below 1 the mean over customers is infinite."""

LEARNED = ("p_", "q_", "v_", "mean_spend_", "log_likelihood_")


class GammaGamma(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Fit the Gamma-Gamma model of spend by maximum likelihood.

    Parameters
    ----------
    penalty : float
        Weight of the squared logarithms of the parameters (``v`` in units of the
        median spend), added to the mean negative log-likelihood.

    Attributes
    ----------
    p_, q_, v_ : float
        ``v_`` is in the unit of ``monetary_value``; ``q_`` is held above 1.
    mean_spend_ : float
        Mean ``monetary_value`` of the customers it was fitted on.
    log_likelihood_ : float

    Notes
    -----
    Fader and Hardie (2013), "The Gamma-Gamma model of monetary value": equation 1a for
    the likelihood, 5 for the conditional mean.

    Examples
    --------
    >>> model = GammaGamma().fit([1, 2, 4, 9], [20.0, 35.0, 30.0, 12.0])
    >>> mean = model.expected_mean_spend([0, 1, 100], [0.0, 90.0, 90.0])
    >>> bool(mean[0] < mean[1] < mean[2] < 90)
    True
    """

    def __init__(self, *, penalty: float = 0.0) -> None:
        self.penalty = penalty

    def fit(self, frequency: npt.ArrayLike, monetary_value: npt.ArrayLike) -> Self:
        """Find the parameters that make the mean spends most likely.

        Parameters
        ----------
        frequency : array-like of shape (n_customers,)
            Repeat orders. Customers without one are left out.
        monetary_value : array-like of shape (n_customers,)
            Mean spend of the repeat orders. Customers at or below 0 are left out.

        Returns
        -------
        GammaGamma

        Raises
        ------
        DataError
            If no customer is left.
        """
        x, spend = _read(frequency, monetary_value)
        has_spend = (x > 0) & (spend > 0)
        if not has_spend.any():
            raise DataError(
                "No customer has a repeat order of positive value.",
                needed="Gamma-Gamma needs at least one.",
            )
        x, spend = x[has_spend], spend[has_spend]
        unit = float(np.median(spend))
        theta = _maximise(x, spend / unit, penalty=self.penalty)
        self.p_, self.q_, v = (float(value) for value in np.exp(theta))
        self.v_ = v * unit
        self.mean_spend_ = float(spend.mean())
        learned = np.log([self.p_, self.q_, self.v_])
        self.log_likelihood_ = _log_likelihood(learned, x, spend)[0]
        return self

    def expected_mean_spend(
        self, frequency: npt.ArrayLike, monetary_value: npt.ArrayLike
    ) -> Floats:
        """Return what each customer's orders are worth on average, in the long run.

        Parameters
        ----------
        frequency, monetary_value : array-like of shape (n_customers,)

        Returns
        -------
        ndarray of shape (n_customers,)
            ``mean_spend_`` for a customer without a repeat order of positive value.
        """
        check_is_fitted(self)
        x, spend = _read(frequency, monetary_value)
        has_spend = (x > 0) & (spend > 0)
        shrunk = self.p_ * (self.v_ + x * spend) / (self.p_ * x + self.q_ - 1.0)
        return np.where(has_spend, shrunk, self.mean_spend_)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        check_is_fitted(self)
        return {
            "penalty": self.penalty,
            **{name: getattr(self, name) for name in LEARNED},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> GammaGamma:
        """Restore what ``to_dict`` gave."""
        model = cls(penalty=values["penalty"])
        for name in LEARNED:
            setattr(model, name, float(values[name]))
        return model


def _log_likelihood(theta: Floats, x: Floats, spend: Floats) -> tuple[float, Floats]:
    """Return the log-likelihood and its gradient in the log-parameters."""
    p, q, v = np.exp(theta)
    shape, total = p * x, x * spend
    log_sum = np.log(total + v)
    value = (
        gammaln(shape + q) - gammaln(shape) - gammaln(q)
        + q * np.log(v) + (shape - 1) * np.log(spend) + shape * np.log(x)
        - (shape + q) * log_sum
    )  # fmt: skip
    both = psi(shape + q)
    slope = [
        (x * (both - psi(shape) + np.log(total) - log_sum)).sum() * p,
        (both - psi(q) + np.log(v) - log_sum).sum() * q,
        (q - (shape + q) * v / (total + v)).sum(),
    ]
    return float(value.sum()), np.array(slope)


def _maximise(x: Floats, spend: Floats, *, penalty: float) -> Floats:
    """Return the best log-parameters over all starts."""

    def loss(theta: Floats) -> tuple[float, Floats]:
        value, slope = _log_likelihood(theta, x, spend)
        return (
            -value / len(x) + penalty * float((theta * theta).sum()),
            -slope / len(x) + 2 * penalty * theta,
        )

    full = (-LOG_BOUND, LOG_BOUND)
    return minimise_from(STARTS, loss, [full, (np.log(LEAST_Q), LOG_BOUND), full])


def _read(
    frequency: npt.ArrayLike, monetary_value: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Return both as floats of one shape, checked."""
    x, spend = np.asarray(frequency, float), np.asarray(monetary_value, float)
    if x.ndim != 1 or x.shape != spend.shape:
        raise DataError(
            f"Gamma-Gamma was given shapes {x.shape} and {spend.shape}.",
            needed="It needs one frequency and one monetary_value a customer.",
        )
    if not (np.isfinite(x).all() and np.isfinite(spend).all()):
        raise DataError(
            "Gamma-Gamma was given a number that is not finite.",
            needed="Every frequency and monetary_value must be finite.",
        )
    return x, spend
