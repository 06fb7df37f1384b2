"""What a plan asks of the features: windows, interaction types, optional columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.purchases.render import slugs

if TYPE_CHECKING:
    from features.purchases.plan import FeaturePlan


@dataclass(frozen=True, slots=True)
class Scope:
    """The numbers of a plan, as the feature files see them.

    Parameters
    ----------
    horizon_days : int
    windows, windows_and_year : tuple of int
        Days.
    half_lives : tuple of int
        Days.
    has : frozenset of str
        What else the log holds.
    interaction_types : tuple of (str, str, str)
        Type, direction, and the word for both in the names of columns.
    """

    horizon_days: int
    windows: tuple[int, ...]
    windows_and_year: tuple[int, ...]
    half_lives: tuple[int, ...]
    has: frozenset[str]
    interaction_types: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, plan: FeaturePlan) -> Scope:
        """Return what a plan asks."""
        h = plan.horizon_days
        return cls(
            horizon_days=h,
            windows=plan.windows,
            windows_and_year=tuple(dict.fromkeys((*plan.windows, 365))),
            half_lives=tuple(sorted({max(1, round(h / 4)), h, 4 * h})),
            has=frozenset(plan.has),
            interaction_types=tuple(slugs(plan.interaction_types)),
        )

    @property
    def ages(self) -> tuple[int, ...]:
        """Return how many days back features look, and 0, the farthest first."""
        h, windows = self.horizon_days, self.windows_and_year
        doubled = (2 * days for days in self.windows)
        return tuple(sorted({0, h, 365 - h, *windows, *doubled}, reverse=True))

    @property
    def window_ages(self) -> tuple[int, ...]:
        """Return those of all but orders and money."""
        return tuple(sorted({0, self.horizon_days, *self.windows}, reverse=True))
