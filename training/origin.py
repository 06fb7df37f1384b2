"""When to look forward from, and the words that every part of training shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from features.errors import DataError

Progress = Callable[[str], None]
"""Is called with what is done next."""

MODEL = "model"
"""What the model is called beside the simple methods."""

NO_EMBARGO = timedelta(0)
YEAR_DAYS = 365
SEASON_SHIFTS_DAYS = (-14, 0, 14)
"""Around the same day of an earlier year: where the season is looked at."""

MIN_STEP_DAYS = 7
"""Between two instants that a recipe is judged at."""


@dataclass(frozen=True, slots=True)
class Origin:
    """An instant to look forward from, and how far."""

    as_of: datetime
    horizon_days: int

    @property
    def ends_at(self) -> datetime:
        """When the last label is known."""
        return self.as_of + timedelta(days=self.horizon_days)


class ThinHistoryError(DataError):
    """There is no snapshot to learn from, or none to judge on."""


def step_back(newest: Origin, *, room_days: int, count: int) -> tuple[Origin, ...]:
    """Return an origin and equally distant ones before it, the oldest first.

    Parameters
    ----------
    newest : Origin
    room_days : int
        How far the oldest may lie before it.
    count : int
        The most there are to be; fewer where two would be less than a week apart.
    """
    number = min(count, 1 + room_days // MIN_STEP_DAYS)
    step = timedelta(days=min(newest.horizon_days, room_days // max(number - 1, 1)))
    days = newest.horizon_days
    places = reversed(range(number))
    return tuple(Origin(newest.as_of - place * step, days) for place in places)


def silent(step: str) -> None:
    """Show no progress."""
