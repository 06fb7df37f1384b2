"""What a plan asks of the rows: windows, interaction types, optional columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.purchases.plan import FeaturePlan

YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Scope:
    """The numbers of a plan, as far as rows are read and counted for them.

    Parameters
    ----------
    horizon_days : int
    windows : tuple of int
        Days.
    has : frozenset of str
        What else the log holds.
    interaction_types : tuple of (str, str)
        Type and direction.
    """

    horizon_days: int
    windows: tuple[int, ...]
    has: frozenset[str]
    interaction_types: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, plan: FeaturePlan) -> Scope:
        """Return what a plan asks."""
        has = frozenset(plan.has)
        return cls(plan.horizon_days, plan.windows, has, plan.interaction_types)

    @property
    def ages(self) -> tuple[int, ...]:
        """Return how many days back most sums look, and 0, the farthest first.

        Rows since any other instant are found when they are asked for.
        """
        ahead, doubled = self.horizon_days, (2 * days for days in self.windows)
        year = (YEAR_DAYS, YEAR_DAYS - ahead)
        return tuple(sorted({0, ahead, *year, *self.windows, *doubled}, reverse=True))

    @property
    def window_ages(self) -> tuple[int, ...]:
        """Return those of all but orders and money."""
        return tuple(sorted({0, self.horizon_days, *self.windows}, reverse=True))
