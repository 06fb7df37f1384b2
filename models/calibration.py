"""From a score to a figure that can be believed: a probability, an amount of money.

Both maps are increasing and smooth, so a reason's contribution can be carried from the
scale of the model to the scale that is served: every reason of a customer is stretched
by the same factor, and base and contributions still add up to the served figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize
from scipy.special import expit

Floats = npt.NDArray[np.float64]

SLOPES = (0.2, 3.0)
"""A slope outside says that the later snapshot was too small to tell."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """An increasing map ``link(shift + slope * score)``.

    Parameters
    ----------
    shift, slope : float
    link : str
        ``logistic`` for probabilities (Platt), ``exp`` for money.
    """

    shift: float
    slope: float
    link: str

    def __call__(self, score: npt.ArrayLike) -> Floats:
        """Return the figures that are served."""
        inner = self.shift + self.slope * np.asarray(score, dtype=np.float64)
        return np.asarray(expit(inner) if self.link == "logistic" else np.exp(inner))

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
        return cls(**values)


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
    slope = calibration.slope
    if calibration.link == "exp":
        top = float((slope * score).max())
        shift = np.log(mean) - np.log(np.mean(np.exp(slope * score - top))) - top
        return Calibration(float(shift), slope, "exp")

    def excess(shift: float) -> float:
        return float(expit(shift + slope * score).mean()) - mean

    return Calibration(float(brentq(excess, -60.0, 60.0)), slope, "logistic")


def _fit(loss: Any, link: str) -> Calibration:
    bounds = [(-30.0, 30.0), SLOPES]
    found = minimize(loss, np.array([0.0, 1.0]), method="L-BFGS-B", bounds=bounds)
    return Calibration(float(found.x[0]), float(found.x[1]), link)
