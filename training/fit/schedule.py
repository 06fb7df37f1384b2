"""When to look back from: the snapshots, the later snapshot, the backtests of level.

Everything here ends before the instant that the model is fitted for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from training.origin import NO_EMBARGO, SEASON_SHIFTS_DAYS, YEAR_DAYS, Origin, step_back

MOST_SNAPSHOTS = 12
ENOUGH_SHARED = 4
"""Snapshots before the later one that save it having its own."""

SHORTEST_LABEL = 30
SHORTEST_JUDGED = 7
OLDEST_SNAPSHOT = 21
"""Days of history that a snapshot looks back on, where the log is long enough."""

LEVEL_LOOKS = 6

MIN_HISTORY_DAYS = 60
"""Of log before an origin that a recipe is judged at."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The origins of one fit.

    Parameters
    ----------
    starts_at : datetime
        First row of the log.
    target : Origin
        What is foretold.
    late : Origin or None
        The later snapshot: blends, slopes and bands are learnt there, by models that
        saw nothing after it. None where the history is too short for one.
    snapshots : tuple of Origin
        What the served models are trained on; each ends by ``target.as_of``.
    late_snapshots : tuple of Origin
        What the models judged at ``late`` are trained on; each ends by ``late.as_of``.
    recent : tuple of Origin
        Backtests of level, as far ahead as ``late`` looks; none beside seasonal ones.
    seasonal : tuple of tuple of Origin
        Backtests of level at the same time of earlier years, a tuple a year.
    """

    starts_at: datetime
    target: Origin
    late: Origin | None
    snapshots: tuple[Origin, ...]
    late_snapshots: tuple[Origin, ...]
    recent: tuple[Origin, ...]
    seasonal: tuple[tuple[Origin, ...], ...]

    def origins(self) -> list[Origin]:
        """Return every origin with labels, once."""
        late = () if self.late is None else (self.late,)
        past = (*self.snapshots, *self.late_snapshots, *late, *self.recent)
        years = (origin for year in self.seasonal for origin in year)
        return sorted(set((*past, *years)), key=lambda o: (o.as_of, o.horizon_days))


def plan_schedule(
    *,
    starts_at: datetime,
    as_of: datetime,
    horizon_days: int,
    embargo: timedelta = NO_EMBARGO,
) -> Schedule:
    """Choose the origins that the history allows.

    Parameters
    ----------
    starts_at : datetime
        First row of the log.
    as_of : datetime
        The model is fitted for this instant.
    horizon_days : int
        How far ahead it has to look.
    embargo : timedelta
        Labels have to be over so long before the instant that they are used at.

    Returns
    -------
    Schedule

    Notes
    -----
    Labels are shorter than the horizon, a quarter of it where the log allows: more
    snapshots, and none that is a horizon old. The later snapshot has the whole
    horizon where twice that much history lies before it; else it is the same question
    in small, with the same ratio of time foretold to time seen.
    """
    target, cutoff = Origin(as_of, horizon_days), as_of - embargo
    late = late_origin(starts_at=starts_at, as_of=cutoff, horizon_days=horizon_days)
    snapshots = choose_snapshots(starts_at, as_of, horizon_days, embargo=embargo)
    seasonal = _seasonal(starts_at, target, cutoff)
    return Schedule(
        starts_at=starts_at,
        target=target,
        late=late,
        snapshots=snapshots,
        late_snapshots=_before(late, snapshots, starts_at, embargo=embargo),
        recent=() if seasonal else _recent(starts_at, late),
        seasonal=seasonal,
    )


def _before(
    late: Origin | None,
    snapshots: tuple[Origin, ...],
    starts_at: datetime,
    *,
    embargo: timedelta,
) -> tuple[Origin, ...]:
    """Return what the models judged at ``late`` learn from: the same, where it does."""
    if late is None:
        return ()
    same = tuple(o for o in snapshots if o.ends_at <= late.as_of - embargo)
    if len(same) >= ENOUGH_SHARED:
        return same
    return choose_snapshots(starts_at, late.as_of, late.horizon_days, embargo=embargo)


def late_origin(
    *, starts_at: datetime, as_of: datetime, horizon_days: int
) -> Origin | None:
    """Return the last origin that a model can be judged at when it is ``as_of``."""
    for origin in _judgeable(starts_at, as_of, horizon_days):
        if choose_snapshots(starts_at, origin.as_of, origin.horizon_days):
            return origin
    return None


def holdout_origin(
    *, starts_at: datetime, as_of: datetime, horizon_days: int
) -> Origin | None:
    """Return the last origin that a whole fit, judged inside, can be judged at."""
    for origin in _judgeable(starts_at, as_of, horizon_days):
        if late_origin(
            starts_at=starts_at, as_of=origin.as_of, horizon_days=origin.horizon_days
        ):
            return origin
    return None


def choose_origins(
    *, starts_at: datetime, as_of: datetime, horizon_days: int, count: int
) -> tuple[Origin, ...]:
    """Choose the instants to judge at, the oldest first.

    Parameters
    ----------
    starts_at : datetime
        First row of the log.
    as_of : datetime
        The labels of the last origin end here.
    horizon_days : int
        How far ahead to look, where the history allows; else the question is put in
        small, as ``holdout_origin`` does.
    count : int
        The most there are to be.

    Returns
    -------
    tuple of Origin
        All look equally far ahead, and are at most that far apart. Before the oldest
        lies half the history of the newest, so that it is a fair likeness of it; where
        that leaves less than a week between two, there are fewer. None where the
        history is too short.
    """
    newest = holdout_origin(starts_at=starts_at, as_of=as_of, horizon_days=horizon_days)
    if newest is None:
        return ()
    history = (newest.as_of - starts_at).days
    room_days = max(history - max(MIN_HISTORY_DAYS, history // 2), 0)
    return step_back(newest, room_days=room_days, count=count)


def _judgeable(
    starts_at: datetime, as_of: datetime, horizon_days: int
) -> Iterator[Origin]:
    """Yield origins with the whole horizon, in small, and in very small."""
    history = (as_of - starts_at).days
    in_small = history * horizon_days // (history + horizon_days)
    whole = [horizon_days] if history - horizon_days >= max(40, horizon_days) else []
    for days in (*whole, in_small, min(in_small, history // 3)):
        if days >= min(SHORTEST_JUDGED, horizon_days):
            yield Origin(as_of - timedelta(days=days), days)


def choose_snapshots(
    starts_at: datetime,
    cutoff: datetime,
    horizon_days: int,
    *,
    embargo: timedelta = NO_EMBARGO,
) -> tuple[Origin, ...]:
    """Return the training snapshots whose labels end an embargo before ``cutoff``."""
    cutoff -= embargo
    history = (cutoff - starts_at).days
    days = max(round(horizon_days / 4), SHORTEST_LABEL)
    days = max(min(days, horizon_days, history // 3), 1)
    oldest = max(min(OLDEST_SNAPSHOT, history // 4), days // 2, 1)
    room = history - days - oldest
    if room < 0:
        return ()
    least = max(7, days // 3)
    count = min(MOST_SNAPSHOTS, 1 + room // least)
    step = max(least, min(days, room // max(count - 1, 1)))
    ends = (cutoff - timedelta(days=days + k * step) for k in range(count))
    return tuple(Origin(end, days) for end in ends)


def _recent(starts_at: datetime, late: Origin | None) -> tuple[Origin, ...]:
    if late is None:
        return ()
    step = max(7, late.horizon_days // 8)
    least = max(28, (late.as_of - starts_at).days // 2)
    looks = (late.as_of - timedelta(days=k * step) for k in range(LEVEL_LOOKS))
    return tuple(
        Origin(look, late.horizon_days)
        for look in looks
        if (look - starts_at).days >= least
    )


def _seasonal(
    starts_at: datetime, target: Origin, cutoff: datetime
) -> tuple[tuple[Origin, ...], ...]:
    """Return looks around the same day of earlier years, whole horizons all."""
    years = []
    for year in range(1, 1 + (target.as_of - starts_at).days // YEAR_DAYS):
        day = target.as_of - timedelta(days=year * YEAR_DAYS)
        looks = (
            Origin(day + timedelta(days=shift), target.horizon_days)
            for shift in SEASON_SHIFTS_DAYS
        )
        peopled = tuple(
            look
            for look in looks
            if (look.as_of - starts_at).days >= 60 and look.ends_at <= cutoff
        )
        if peopled:
            years.append(peopled)
    return tuple(years)
