"""What a customer with a regular amount will bring, and within which bounds.

Who stays pays every month of the horizon, who churns a part of it. So the expected
value is a product of the amount and of a chance, and can be explained exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

COVERAGE = 0.9
LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Worth:
    """From a month's amount and a churn probability to money in the horizon.

    Parameters
    ----------
    months : float
        In the horizon.
    of_stayed, of_churned : float
        Share of ``amount x months`` that those who stay bring, and those who churn.
    amount_base, p_base : float
        Where explanations start: the mean amount, and the base of the probability.
    mean_amount : float
        Stands in for an amount that is not known.
    threshold : float
        An outcome is held for possible where its probability is as high.
    stayed, churned : tuple of float
        Lowest and highest share of ``amount x months`` of nearly all of either.

    Notes
    -----
    The bounds hold the values of all outcomes that are possible: least ambiguous sets,
    Sadinle, Lei and Wasserman (2019), whose threshold is learnt where the model had not
    been.
    """

    months: float
    of_stayed: float = 1.0
    of_churned: float = 0.0
    amount_base: float = 1.0
    p_base: float = 0.0
    mean_amount: float = 1.0
    threshold: float = 0.0
    stayed: tuple[float, float] = (1.0, 1.0)
    churned: tuple[float, float] = (0.0, 0.0)

    def amounts(self, amount: Floats) -> Floats:
        """Return a month's amounts, the mean where one is not known."""
        return np.where(np.isnan(amount), self.mean_amount, np.maximum(amount, 0.0))

    def predict(self, amount: Floats, p: Floats) -> Floats:
        """Return the expected value of each customer."""
        return self.amounts(amount) * self.months * self._share(p)

    def bounds(self, amount: Floats, p: Floats) -> tuple[Floats, Floats]:
        """Return the bounds that hold the value of nine customers in ten."""
        whole = self.amounts(amount) * self.months
        expected = self.predict(amount, p)
        stays, goes = 1.0 - p >= self.threshold, p >= self.threshold
        low = np.where(goes, self.churned[0], self.stayed[0])
        high = np.where(stays, self.stayed[1], self.churned[1])
        return (
            np.minimum(np.maximum(low, 0.0) * whole, expected),
            np.maximum(high * whole, expected),
        )

    def contributions(
        self, amount: Floats, parts: Floats
    ) -> tuple[Floats, Floats, float]:
        """Return what the amount and each part of the probability add to the value.

        Parameters
        ----------
        amount : ndarray of shape (n,)
        parts : ndarray of shape (n, n_columns)
            Of the probability; with ``p_base`` a row sums to it.

        Returns
        -------
        ndarray of shape (n,), ndarray of shape (n, n_columns), float
            Of the amount, of each column, and the base: Shapley values of a product of
            two factors, the second shared out as the probability is.
        """
        share, base = self._share(self.p_base + parts.sum(axis=1)), self._base()
        amounts = self.amounts(amount)
        of_amount = (amounts - self.amount_base) * self.months * (share + base) / 2.0
        slope = (self.of_churned - self.of_stayed) * self.months
        of_parts = parts * (slope * (amounts + self.amount_base) / 2.0)[:, None]
        return of_amount, of_parts, self.amount_base * self.months * base

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Worth:
        """Restore what ``to_dict`` gave."""
        pairs = {name: tuple(values[name]) for name in ("stayed", "churned")}
        return cls(**{**values, **pairs})

    def _share(self, p: Floats) -> Floats:
        return np.asarray(self.of_stayed + (self.of_churned - self.of_stayed) * p)

    def _base(self) -> float:
        return self.of_stayed + (self.of_churned - self.of_stayed) * self.p_base


def fit_threshold(p: Floats, churned: Floats, *, coverage: float = COVERAGE) -> float:
    """Return how likely an outcome has to be to be held for possible.

    Parameters
    ----------
    p, churned : ndarray of shape (n,)
        Probabilities of customers that the model had not seen, and what they did.
    coverage : float
        Share of customers whose outcome is then held for possible.
    """
    of_truth = np.sort(np.where(churned > 0, p, 1.0 - p))
    place = int(np.floor((len(of_truth) + 1) * (1.0 - coverage)))
    return float(min(of_truth[max(place - 1, 0)], 0.5))


def fit_shares(ratio: Floats, churned: Floats) -> dict[str, Any]:
    """Return the shares of ``amount x months`` that came of those who stay and churn.

    Parameters
    ----------
    ratio : ndarray of shape (n,)
        Actual value over amount x months.
    churned : ndarray of shape (n,)
    """
    shares: dict[str, Any] = {}
    for name, rows in (("stayed", churned == 0), ("churned", churned > 0)):
        ratios = ratio[rows]
        default = 1.0 if name == "stayed" else 0.0
        shares[f"of_{name}"] = float(ratios.mean()) if len(ratios) else default
        ends = np.quantile(ratios, [0.02, 0.98]) if len(ratios) else [default, default]
        shares[name] = (float(ends[0]), float(ends[1]))
    return shares
