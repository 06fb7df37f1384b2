"""When a log of contracts is looked back from; see ``training.fit.schedule``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from training.origin import NO_EMBARGO, SEASON_SHIFTS_DAYS, YEAR_DAYS, Origin, step_back

MOST_SNAPSHOTS = 12
LARGEST_STEP, SMALLEST_STEP = 30, 7
OLDEST = 30
"""Days of contracts that a snapshot looks back on."""

SHORTEST = 14
"""Days that a model can be trained and judged on at the least."""


@dataclass(frozen=True, slots=True)
class ContractOrigins:
    """The instants of one fit.

    Parameters
    ----------
    late : Origin
        Where recipe, blend and calibration are chosen, by models that saw nothing
        after it.
    early : tuple of Origin
        What those are trained on; each ends by ``late.as_of``.
    snapshots : tuple of Origin
        What is served is trained on; the newest is ``late``.
    seasons : tuple of (Origin, Origin)
        Of earlier years: the time foretold, and the time of ``late``.
    """

    late: Origin
    early: tuple[Origin, ...]
    snapshots: tuple[Origin, ...]
    seasons: tuple[tuple[Origin, Origin], ...]

    def every(self) -> list[Origin]:
        """Return every origin, once."""
        years = (origin for pair in self.seasons for origin in pair)
        past = {self.late, *self.early, *self.snapshots, *years}
        return sorted(past, key=lambda origin: origin.as_of)

    def instants(self) -> list[datetime]:
        """Return every instant, once."""
        return sorted({origin.as_of for origin in self.every()})


def judged_days(*, starts_at: datetime, as_of: datetime, horizon_days: int) -> int:
    """Return the days that a model is trained and judged on: the horizon, or fewer.

    Three times as many have to lie behind the oldest snapshot. 0 where the history is
    too short for any.
    """
    days = min(horizon_days, ((as_of - starts_at).days - OLDEST) // 3)
    return days if days >= min(SHORTEST, horizon_days) else 0


def choose_contract_origins(
    *,
    starts_at: datetime,
    as_of: datetime,
    horizon_days: int,
    count: int,
    embargo: timedelta = NO_EMBARGO,
) -> tuple[Origin, ...]:
    """Return where a fit can be judged whose labels are over by ``as_of``.

    Before each lies what a fit takes that is judged inside; none where the history is
    too short.
    """
    days = judged_days(starts_at=starts_at, as_of=as_of, horizon_days=horizon_days)
    newest = Origin(as_of - timedelta(days=days), days)
    room_days = (newest.as_of - embargo - starts_at).days - 2 * days - OLDEST
    if not days or room_days < 0:
        return ()
    return step_back(newest, room_days=room_days, count=count)


def plan_origins(
    *, starts_at: datetime, cutoff: datetime, days: int
) -> ContractOrigins:
    """Choose the instants whose ``days`` ahead are over by ``cutoff``."""
    late = Origin(cutoff - timedelta(days=days), days)
    snapshots = _snapshots(starts_at, cutoff, days)
    return ContractOrigins(
        late=late,
        early=_snapshots(starts_at, late.as_of, days),
        snapshots=snapshots,
        seasons=_seasons(starts_at, cutoff, days),
    )


def _snapshots(starts_at: datetime, cutoff: datetime, days: int) -> tuple[Origin, ...]:
    step = max(SMALLEST_STEP, min(LARGEST_STEP, days))
    room = (cutoff - starts_at).days - days - min(OLDEST, days)
    ends = (cutoff - timedelta(days=days + k * step) for k in range(room // step + 1))
    return tuple(Origin(end, days) for end in ends)[:MOST_SNAPSHOTS]


def _seasons(
    starts_at: datetime, cutoff: datetime, days: int
) -> tuple[tuple[Origin, Origin], ...]:
    pairs = []
    for year in range(1, 4):
        for shift in SEASON_SHIFTS_DAYS:
            then = cutoff + timedelta(days=shift - year * YEAR_DAYS)
            before = then - timedelta(days=days)
            is_old = (before - starts_at).days < 2 * OLDEST
            if not is_old and then + timedelta(days=days) <= cutoff:
                pairs.append((Origin(then, days), Origin(before, days)))
    return tuple(pairs)
