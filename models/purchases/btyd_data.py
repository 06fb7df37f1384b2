"""Histories for BG/NBD: read, compressed, and how likely they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, gammaln, psi

from features.errors import DataError
from features.types import Floats

COLUMNS = ("frequency", "recency", "T")
"""The columns of ``X``, in order."""

STARTS = ((0.5, 0.5, 0.5, 2.0), (2.0, 2.0, 1.0, 10.0))
"""Where the search begins: r, alpha in units of the mean T, a, b."""

LOG_BOUND = 12.0
ROUNDING = 1e-9


def read_histories(X: npt.ArrayLike) -> Floats:
    """Return ``frequency``, ``recency`` and ``T`` as (n, 3) floats, checked."""
    names = getattr(X, "columns", ())
    chosen = X[list(COLUMNS)] if set(COLUMNS) <= set(names) else X  # type: ignore[index, call-overload]
    table = np.asarray(chosen, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(COLUMNS):
        raise DataError(
            f"BG/NBD was given an array of shape {table.shape}.",
            needed="It needs (n_customers, 3): frequency, recency, T.",
        )
    frequency, recency, T = table.T
    in_order = (recency >= 0) & (recency <= T * (1 + ROUNDING))
    sound = (frequency >= 0) & in_order & np.isfinite(table).all(axis=1)
    if not sound.all():
        raise DataError(
            f"{np.count_nonzero(~sound)} of {len(table)} rows are no history.",
            needed="Needed: frequency >= 0 and 0 <= recency <= T, all finite.",
        )
    return np.column_stack([frequency, np.minimum(recency, T), T])


@dataclass(frozen=True, slots=True)
class Histories:
    """Distinct histories with their weights, and sums by number of orders."""

    table: Floats
    weight: Floats
    frequency: Floats
    frequency_weight: Floats
    extra: float

    @classmethod
    def of(
        cls, table: Floats, *, weight: npt.ArrayLike | None = None, extra: float
    ) -> Histories:
        weight_of_row = (
            np.ones(len(table)) if weight is None else np.asarray(weight, float)
        )
        rows, group = np.unique(table, axis=0, return_inverse=True)
        weights = np.bincount(group.ravel(), weights=weight_of_row).astype(float)
        values, by_value = np.unique(rows[:, 0], return_inverse=True)
        sums = np.bincount(by_value, weights=weights).astype(float)
        return cls(rows, weights, values, sums, extra)

    def in_units_of(self, unit: float) -> Histories:
        table = self.table / np.array([1.0, unit, unit])
        return Histories(
            table, self.weight, self.frequency, self.frequency_weight, self.extra
        )

    def log_likelihood(self, theta: Floats) -> tuple[float, Floats]:
        """Return the log-likelihood and its gradient in the log-parameters."""
        r, alpha, a, b = np.exp(theta)
        x, k, w = self.frequency, self.frequency + self.extra, self.frequency_weight
        total = _dot(
            w,
            gammaln(r + x) - gammaln(r) + r * np.log(alpha)
            + gammaln(a + b) - gammaln(a + b + k) + gammaln(b + k) - gammaln(b),
        )  # fmt: skip
        both = psi(a + b) - psi(a + b + k)
        slope = np.array(
            [
                _dot(w, psi(r + x) - psi(r) + np.log(alpha)),
                w.sum() * r / alpha,
                _dot(w, both),
                _dot(w, both + psi(b + k) - psi(b)),
            ]
        )
        value, part = self._alive_or_left(r, alpha, a, b)
        return total + value, (slope + part) * np.array([r, alpha, a, b])

    def _alive_or_left(
        self, r: float, alpha: float, a: float, b: float
    ) -> tuple[float, Floats]:
        x, recency, T = self.table.T
        chances = x + self.extra
        may_leave = chances > 0
        survivals = np.where(may_leave, b + chances - 1.0, 1.0)
        log_age, log_recency = np.log(alpha + T), np.log(alpha + recency)
        alive = -(r + x) * log_age
        gone = np.log(a) - np.log(survivals) - (r + x) * log_recency
        p_gone = np.where(may_leave, expit(gone - alive), 0.0)
        value = np.where(may_leave, np.logaddexp(alive, gone), alive)
        w, w_gone = self.weight, self.weight * p_gone
        w_alive = w - w_gone
        at_age, at_recency = (r + x) / (alpha + T), (r + x) / (alpha + recency)
        slope = [
            -_dot(w_alive, log_age) - _dot(w_gone, log_recency),
            -_dot(w_alive, at_age) - _dot(w_gone, at_recency),
            w_gone.sum() / a,
            -_dot(w_gone, 1.0 / survivals),
        ]
        return _dot(w, value), np.array(slope)


def _dot(weight: Floats, values: Floats) -> float:
    """Sum the products. BLAS would start threads, slow on a busy machine."""
    return float((weight * values).sum())


def maximise(histories: Histories, *, penalty: float) -> Floats:
    """Return the best log-parameters over all starts."""
    total = histories.weight.sum()

    def loss(theta: Floats) -> tuple[float, Floats]:
        value, slope = histories.log_likelihood(theta)
        return (
            -value / total + penalty * float(theta @ theta),
            -slope / total + 2 * penalty * theta,
        )

    return minimise_from(STARTS, loss, [(-LOG_BOUND, LOG_BOUND)] * 4)


def minimise_from(
    starts: Iterable[Sequence[float]],
    loss: Callable[[Floats], tuple[float, Floats]],
    bounds: Sequence[tuple[float, float]],
) -> Floats:
    """Return the log-parameters of the least loss, searched from several starts."""
    optima = [
        minimize(
            loss,
            np.log(start),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500},
        )
        for start in starts
    ]
    best = min(optima, key=lambda result: float(result.fun))
    return np.asarray(best.x, float)
