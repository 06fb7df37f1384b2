"""Where customers stand by a scheme: by its terms, in the run before, and now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int16]
Cuts = tuple[float | None, ...]
"""The least quantity of each class but the last, from the top down; None: nobody."""
Days = npt.NDArray[np.datetime64]

RULE, GROWTH, FAILING, BAND, STAY, MANUAL, PROPOSED = range(7)
CAUSES = ("rule", "growth", "failing", "band", "stay", "manual", "proposed")
"""What decided a customer's class; ``proposed`` waits for an approval."""


@dataclass(frozen=True, slots=True)
class Classified:
    """The classes of all customers by one scheme.

    Parameters
    ----------
    codes : array of int, shape (n_customers,)
        Places in ``classes`` from the top.
    quantity : array of float or None
    limits : array of shape (n_customers, n_classes - 1) or None
        Each customer's own cuts.
    cuts : mapping of str to tuple
        By group; ``""`` for those without one.
    """

    codes: Codes
    quantity: Floats | None = None
    limits: Floats | None = None
    cuts: Mapping[str, Cuts] = field(default_factory=dict)


NEVER = np.datetime64("NaT", "D")


@dataclass(slots=True)
class Past:
    """Where customers stood in the run before, in the order of this one's.

    Parameters
    ----------
    codes : array of int
        The class; -1 for who was not there.
    since : array of day
        Of the last move; NaT for none that is known.
    was : array of int
        The class before that; -1 for none.
    lifted : array of day
        Since when an override for growth or failing holds; NaT for none.
    """

    codes: Codes
    since: Days
    was: Codes
    lifted: Days

    @classmethod
    def none(cls, n: int) -> Past:
        """Return a past in which nobody was there."""
        days = np.full(n, NEVER)
        codes = np.full(n, -1, dtype=np.int16)
        return cls(codes, days, codes.copy(), days.copy())


@dataclass(frozen=True, slots=True)
class Moved:
    """Where customers stand now, and why.

    Parameters
    ----------
    codes, causes : array of int
    past : Past
        As the next run finds it.
    counts : mapping of str to int
        Customers who moved, and what was decided by what.
    """

    codes: Codes
    causes: Codes
    past: Past
    counts: Mapping[str, int] = field(default_factory=dict)
