"""From a score to a figure that can be believed: a probability, an amount of money.

The maps are increasing and continuous, so a reason's contribution can be carried from
the scale of the model to the scale that is served: every reason of a customer is
stretched by the same factor, and base and contributions still add up to the served
figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit
from sklearn.isotonic import isotonic_regression

from features.types import Floats
from models.parts.quantile_groups import quantile_groups

SLOPES = (0.2, 3.0)
"""A slope outside says that the later snapshot was too small to tell."""

FOLDS = 5
MIN_CUSTOMERS_PER_BLOCK, MAX_BLOCKS = 50, 40
"""Customers in a block of the isotonic map, and blocks at most."""

FLATTEST = 0.02
"""The least rise of the isotonic map, in log-odds to log-odds."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """An increasing map ``link(shift + slope * bent(score))``.

    Parameters
    ----------
    shift, slope : float
    link : str
        ``logistic`` for probabilities, ``exp`` for money.
    knots : tuple of (float, float)
        Where ``bent`` is known, ascending; it is straight between them, and goes on
        with the slope of 1 outside. Without any, ``bent`` changes nothing (Platt).
    """

    shift: float
    slope: float
    link: str
    knots: tuple[tuple[float, float], ...] = ()

    def __call__(self, score: npt.ArrayLike) -> Floats:
        """Return the figures that are served."""
        inner = self.shift + self.scaled(np.asarray(score, dtype=np.float64))
        return np.asarray(expit(inner) if self.link == "logistic" else np.exp(inner))

    @property
    def method(self) -> str:
        """Return ``isotonic`` or ``platt``; of money, ``level``."""
        if self.link == "exp":
            return "level"
        return "isotonic" if self.knots else "platt"

    def scaled(self, score: Floats) -> Floats:
        """Return ``slope * bent(score)``."""
        if not self.knots:
            return self.slope * score
        x, y = np.array(self.knots).T
        inside = np.interp(score, x, y)
        outside = np.minimum(score - x[0], 0.0) + np.maximum(score - x[-1], 0.0)
        return np.asarray(self.slope * (inside + outside))

    def carry(self, parts: Floats, base: float) -> tuple[Floats, float]:
        """Bring contributions to the served scale.

        Parameters
        ----------
        parts : ndarray of shape (n, n_features)
            On the scale of the score; with ``base`` a row sums to the score.
        base : float

        Returns
        -------
        ndarray of shape (n, n_features), float
            With the new base a row sums to the served figure.
        """
        total = parts.sum(axis=1)
        start = float(self(base))
        distance = self(base + total) - start
        tiny = np.abs(total) < 1e-12
        factor = np.where(tiny, 0.0, distance / np.where(tiny, 1.0, total))
        return parts * factor[:, None], start

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibration:
        """Restore what ``to_dict`` gave."""
        knots = tuple((float(x), float(y)) for x, y in values["knots"])
        return cls(**{**values, "knots": knots})


def choose_logistic(score: Floats, churned: Floats, *, seed: int) -> Calibration:
    """Fit Platt's map or an isotonic one, whichever foretells customers left out.

    Each is fitted on four fifths of the customers and judged on the last, five times;
    isotonic is taken where its log loss is less by more than a standard error, as
    Platt's has fewer ways to be wrong.
    """
    fold = np.random.default_rng(seed).permutation(len(score)) % FOLDS
    gains = np.zeros(len(score))
    for place in range(
        FOLDS if len(score) >= 2 * FOLDS * MIN_CUSTOMERS_PER_BLOCK else 0
    ):
        rest, left_out = fold != place, fold == place
        losses = [
            _log_loss(
                fit(score[rest], churned[rest])(score[left_out]), churned[left_out]
            )
            for fit in (fit_logistic, fit_isotonic)
        ]
        gains[left_out] = losses[0] - losses[1]
    error = float(gains.std()) / np.sqrt(len(gains))
    chosen = fit_isotonic if gains.mean() > error else fit_logistic
    return chosen(score, churned)


def fit_isotonic(score: Floats, churned: Floats) -> Calibration:
    """Fit a map that is only asked to increase.

    Notes
    -----
    Zadrozny and Elkan (2002), by pool-adjacent-violators over blocks of at least
    ``MIN_CUSTOMERS_PER_BLOCK``; between the blocks' means the log-odds are joined by
    straight lines that never lie flat, so that no two customers who differ are tied.
    """
    n_blocks = min(MAX_BLOCKS, max(1, len(score) // MIN_CUSTOMERS_PER_BLOCK))
    blocks = quantile_groups(score, n_groups=n_blocks, least=MIN_CUSTOMERS_PER_BLOCK)
    n = np.array([len(block) for block in blocks], dtype=np.float64)
    x = np.array([score[block].mean() for block in blocks])
    rate = np.array([churned[block].mean() for block in blocks])
    smooth = (n * rate + 0.5) / (n + 1.0)
    rising = isotonic_regression(smooth, sample_weight=n)
    x, first = np.unique(x, return_index=True)  # means may agree to the last bit
    y = logit(rising[first])
    y = np.maximum.accumulate(y - FLATTEST * x) + FLATTEST * x
    knots = tuple(zip(x.tolist(), y.tolist(), strict=True))
    return Calibration(0.0, 1.0, "logistic", knots)


def fit_logistic(score: Floats, churned: Floats) -> Calibration:
    """Fit Platt's two parameters by maximum likelihood.

    Notes
    -----
    Platt (1999), with its smoothed targets, so that a perfect split stays finite.
    """
    n_churned, n_stayed = churned.sum(), (1.0 - churned).sum()
    high, low = (n_churned + 1.0) / (n_churned + 2.0), 1.0 / (n_stayed + 2.0)
    target = np.where(churned > 0, high, low)

    def loss(theta: Floats) -> float:
        inner = theta[0] + theta[1] * score
        return float(np.mean(np.logaddexp(0.0, inner) - target * inner))

    return _fit(loss, "logistic")


def fit_money(score: Floats, value: Floats) -> Calibration:
    """Fit level and slope of a logarithm to amounts, zeros among them.

    Notes
    -----
    Quasi-Poisson likelihood: the total comes out right, and a few large customers do
    not decide alone.
    """
    spend = np.maximum(value, 0.0)
    unit = float(spend.mean()) or 1.0

    def loss(theta: Floats) -> float:
        inner = theta[0] + theta[1] * (score - np.log(unit))
        return float(np.mean(np.exp(np.minimum(inner, 30.0)) - spend / unit * inner))

    fitted = _fit(loss, "exp")
    shift = fitted.shift + np.log(unit) * (1.0 - fitted.slope)
    return Calibration(float(shift), fitted.slope, "exp")


def with_mean(calibration: Calibration, score: Floats, mean: float) -> Calibration:
    """Keep the slope, and move the level until the figures have the mean."""
    scaled = calibration.scaled(score)
    if calibration.link == "exp":
        top = float(scaled.max())
        shift = np.log(mean) - np.log(np.mean(np.exp(scaled - top))) - top
        return replace(calibration, shift=float(shift))

    def excess(shift: float) -> float:
        return float(expit(shift + scaled).mean()) - mean

    return replace(calibration, shift=float(brentq(excess, -60.0, 60.0)))


def _log_loss(p: Floats, churned: Floats) -> Floats:
    p = np.clip(p, 1e-9, 1.0 - 1e-9)
    return np.asarray(-np.log(np.where(churned > 0, p, 1.0 - p)))


def _fit(loss: Any, link: str) -> Calibration:
    bounds = [(-30.0, 30.0), SLOPES]
    optimum = minimize(loss, np.array([0.0, 1.0]), method="L-BFGS-B", bounds=bounds)
    return Calibration(float(optimum.x[0]), float(optimum.x[1]), link)
