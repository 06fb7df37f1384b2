"""What is foretold of customers, and what made it so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

INSUFFICIENT = "insufficient"
"""The basis of customers of whom nothing is foretold: the log is below the minimum."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is foretold of each customer, in the order of the features.

    Parameters
    ----------
    churn_probability, expected_value, value_low, value_high : ndarray of shape (n,)
    expected_orders : ndarray of shape (n,)
    days_to_next_order : ndarray of shape (n,)
        Median; NaN where no order in the horizon is the likelier.
    cluster : ndarray of shape (n,)
    """

    churn_probability: Floats
    expected_value: Floats
    value_low: Floats
    value_high: Floats
    expected_orders: Floats
    days_to_next_order: Floats
    cluster: npt.NDArray[np.int64]

    @classmethod
    def unknown(cls, cluster: npt.NDArray[np.int64]) -> Forecast:
        """Return NaN of everything but the clusters."""
        nothing = np.full(len(cluster), np.nan)
        return cls(nothing, nothing, nothing, nothing, nothing, nothing, cluster)

    @classmethod
    def joined(cls, parts: Sequence[Forecast]) -> Forecast:
        """Put the customers of several after each other."""
        return cls(
            *(
                np.concatenate([getattr(part, field.name) for part in parts])
                for field in fields(cls)
            )
        )


@dataclass(frozen=True, slots=True)
class Explained:
    """What each column adds to a served figure; base and row sum make the figure."""

    columns: tuple[str, ...]
    parts: Floats
    base: float


@dataclass(frozen=True, slots=True)
class Basis:
    """What the scores stand on, and why.

    ``model``, ``blend`` with simple methods, ``btyd``, ``rule`` (RFM, the last order),
    or ``insufficient`` where nothing is foretold.
    """

    name: str
    reason: str
