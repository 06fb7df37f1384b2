"""How far a customer's value may lie from what is expected: split-conformal bands.

The ratio of actual to expected value is looked at where the model had not been: on a
later snapshot. Customers are grouped by what was expected of them, since small
customers miss by other ratios than large ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from features.types import Floats
from models.parts.quantile_groups import keep_cuts

MIN_CUSTOMERS_PER_GROUP = 50
"""Customers a group needs, for its outer quantiles to mean something.

Where ties leave a group with fewer than half as many, it joins its neighbour.
"""


class ValueIntervals(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Fit bands that hold a share of customers, group by group.

    Parameters
    ----------
    coverage : float
        Share of customers whose value lies in its band.
    n_groups : int
        Groups of equal size by expected value, at most; equals are in one group.

    Attributes
    ----------
    cuts_ : ndarray of shape (n_groups - 1,)
        Share of customers with a lower expected value, where a group ends.
    low_, high_ : ndarray of shape (n_groups,)
        Ratios to the expected value.
    ranks_ : ndarray
        Quantiles of expected value that place a customer among all.

    Notes
    -----
    Group-conditional (Mondrian) split-conformal prediction: Vovk, Gammerman and Shafer
    (2005). A group with many zeros has 0 as its lower end, and the whole error above.
    """

    def __init__(self, *, coverage: float = 0.9, n_groups: int = 10) -> None:
        self.coverage = coverage
        self.n_groups = n_groups

    def fit(self, expected: Floats, actual: Floats) -> Self:
        """Fit on what was expected of customers and what came, both of shape (n,)."""
        groups = int(
            np.clip(len(expected) // MIN_CUSTOMERS_PER_GROUP, 1, self.n_groups)
        )
        self.cuts_ = np.linspace(0, 1, groups + 1)[1:-1]
        self.place(expected)
        sizes = np.bincount(self._group(expected), minlength=groups)
        self.cuts_ = self.cuts_[keep_cuts(sizes, least=MIN_CUSTOMERS_PER_GROUP // 2)]
        member = self._group(expected)
        ratio = np.maximum(actual, 0.0) / expected
        bands = [
            self._band(ratio[member == group]) for group in range(len(self.cuts_) + 1)
        ]
        self.low_, self.high_ = (np.array(ends) for ends in zip(*bands, strict=True))
        return self

    def place(self, expected: Floats) -> Self:
        """Learn what is much and little among the customers that are served."""
        self.ranks_ = np.quantile(expected, np.linspace(0, 1, 201))
        return self

    def predict(self, expected: Floats) -> tuple[Floats, Floats]:
        """Return the lower and the upper end for each customer."""
        member = self._group(expected)
        return self.low_[member] * expected, self.high_[member] * expected

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        learned = ("cuts", "low", "high", "ranks")
        return {
            "coverage": self.coverage,
            "n_groups": self.n_groups,
            **{name: getattr(self, f"{name}_").tolist() for name in learned},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ValueIntervals:
        """Restore what ``to_dict`` gave."""
        model = cls(coverage=values["coverage"], n_groups=values["n_groups"])
        for name in ("cuts", "low", "high", "ranks"):
            setattr(model, f"{name}_", np.array(values[name], dtype=np.float64))
        return model

    def _group(self, expected: Floats) -> npt.NDArray[np.intp]:
        share = np.interp(expected, self.ranks_, np.linspace(0, 1, len(self.ranks_)))
        return np.asarray(np.searchsorted(self.cuts_, share, side="right"))

    def _band(self, ratio: Floats) -> tuple[float, float]:
        miss = 1.0 - self.coverage
        if np.mean(ratio == 0) >= miss / 2:
            return 0.0, _upper(ratio, self.coverage)
        return -_upper(-ratio, 1.0 - miss / 2), _upper(ratio, 1.0 - miss / 2)


def _upper(values: Floats, level: float) -> float:
    """Return the conformal quantile: the ceil((n + 1) level)-th value from below."""
    place = min(int(np.ceil((len(values) + 1) * level)), len(values))
    return float(np.sort(values)[max(place, 1) - 1])
