"""No origin's label reaches beyond what is known where the label is used."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from training.fit.schedule import (
    MOST_SNAPSHOTS,
    Schedule,
    choose_snapshots,
    holdout_origin,
    late_origin,
    plan_schedule,
)
from training.origin import Origin

STARTS_AT = datetime(2020, 2, 28, 9, 30, tzinfo=UTC)

HISTORIES = st.integers(0, 24 * 1_500).map(lambda hours: timedelta(hours=hours))
HORIZONS = st.integers(1, 730)
EMBARGOES = st.integers(0, 60).map(lambda days: timedelta(days=days))


def plan(history: timedelta, horizon_days: int, **more: timedelta) -> Schedule:
    """Plan a fit after so much history."""
    return plan_schedule(
        starts_at=STARTS_AT,
        as_of=STARTS_AT + history,
        horizon_days=horizon_days,
        **more,
    )


def looks(schedule: Schedule) -> Iterable[Origin]:
    """Return every backtest of level."""
    return (*schedule.recent, *(look for year in schedule.seasonal for look in year))


@given(HISTORIES, HORIZONS, EMBARGOES)
def test_every_label_is_over_an_embargo_before_the_fit(
    history: timedelta, horizon_days: int, embargo: timedelta
) -> None:
    known = STARTS_AT + history - embargo
    assume(known >= STARTS_AT)
    schedule = plan(history, horizon_days, embargo=embargo)
    assert all(origin.ends_at <= known for origin in schedule.origins())


@given(HISTORIES, HORIZONS, EMBARGOES)
def test_what_is_judged_at_the_later_snapshot_saw_nothing_of_it(
    history: timedelta, horizon_days: int, embargo: timedelta
) -> None:
    assume(history >= embargo)
    schedule = plan(history, horizon_days, embargo=embargo)
    if schedule.late is None:
        assert schedule.late_snapshots == ()
        return
    known = schedule.late.as_of - embargo
    assert all(origin.ends_at <= known for origin in schedule.late_snapshots)


@given(HISTORIES, HORIZONS)
def test_every_origin_looks_back_on_something(
    history: timedelta, horizon_days: int
) -> None:
    schedule = plan(history, horizon_days)
    assert all(origin.as_of > STARTS_AT for origin in schedule.origins())
    assert all(origin.horizon_days >= 1 for origin in schedule.origins())


@given(HISTORIES, HORIZONS)
def test_no_label_is_longer_than_what_is_asked(
    history: timedelta, horizon_days: int
) -> None:
    schedule = plan(history, horizon_days)
    assert schedule.target == Origin(STARTS_AT + history, horizon_days)
    assert all(origin.horizon_days <= horizon_days for origin in schedule.origins())
    assert all(
        look.horizon_days == horizon_days for y in schedule.seasonal for look in y
    )


@given(HISTORIES, HORIZONS)
def test_a_later_snapshot_comes_with_snapshots_to_train_on(
    history: timedelta, horizon_days: int
) -> None:
    schedule = plan(history, horizon_days)
    assert (schedule.late is None) == (not schedule.late_snapshots)
    if schedule.late is not None:
        assert schedule.snapshots


@given(HISTORIES, HORIZONS)
def test_what_is_judged_as_a_whole_has_a_later_snapshot_of_its_own(
    history: timedelta, horizon_days: int
) -> None:
    as_of = STARTS_AT + history
    origin = holdout_origin(starts_at=STARTS_AT, as_of=as_of, horizon_days=horizon_days)
    if origin is not None:
        assert origin.ends_at <= as_of
        early = plan(origin.as_of - STARTS_AT, origin.horizon_days)
        assert early.late is not None
        assert early.late_snapshots


@given(HISTORIES, HORIZONS)
def test_snapshots_are_few_distinct_and_as_late_as_can_be(
    history: timedelta, horizon_days: int
) -> None:
    cutoff = STARTS_AT + history
    chosen = choose_snapshots(STARTS_AT, cutoff, horizon_days)
    assert len(set(chosen)) == len(chosen) <= MOST_SNAPSHOTS
    assert list(chosen) == sorted(chosen, key=lambda o: o.as_of, reverse=True)
    if chosen:
        assert chosen[0].ends_at == cutoff
        assert len({origin.horizon_days for origin in chosen}) == 1


@given(HISTORIES, HORIZONS)
def test_more_history_never_takes_the_model_away(
    history: timedelta, horizon_days: int
) -> None:
    short, long = (
        plan(span, horizon_days) for span in (history, history + timedelta(days=30))
    )
    assert long.late is not None or short.late is None


def test_with_history_enough_the_whole_horizon_is_judged() -> None:
    schedule = plan(timedelta(days=548), 91)
    assert schedule.late == Origin(schedule.target.as_of - timedelta(days=91), 91)
    assert {origin.horizon_days for origin in schedule.snapshots} == {30}


def test_a_history_as_long_as_the_horizon_is_judged_in_small() -> None:
    """CDNOW: nine months seen, nine months to foretell."""
    schedule = plan(timedelta(days=273), 273)
    assert schedule.late == Origin(schedule.target.as_of - timedelta(days=136), 136)
    assert len(schedule.late_snapshots) >= 3
    assert len(schedule.snapshots) >= 3
    assert schedule.recent
    assert not schedule.seasonal


@pytest.mark.parametrize("horizon_days", [7, 30, 90, 182, 365])
def test_sixty_days_can_be_judged(horizon_days: int) -> None:
    """It is the least history that `regulars check` asks for."""
    as_of = STARTS_AT + timedelta(days=60)
    origin = holdout_origin(starts_at=STARTS_AT, as_of=as_of, horizon_days=horizon_days)
    assert origin is not None


def test_a_day_of_history_cannot_be_judged() -> None:
    as_of = STARTS_AT + timedelta(days=1)
    assert late_origin(starts_at=STARTS_AT, as_of=as_of, horizon_days=30) is None
    assert plan(timedelta(days=1), 30).late is None


def test_earlier_years_are_looked_at_on_the_same_day() -> None:
    schedule = plan(timedelta(days=3 * 365), 60)
    assert len(schedule.seasonal) == 2
    for number, year in enumerate(schedule.seasonal, start=1):
        day = schedule.target.as_of - timedelta(days=365 * number)
        shifts = [(look.as_of - day).days for look in year]
        assert shifts == [-14, 0, 14]


def test_a_year_that_is_not_over_is_not_looked_at() -> None:
    schedule = plan(timedelta(days=3 * 365), 365)
    latest = max(look.as_of for year in schedule.seasonal for look in year)
    assert latest == schedule.target.as_of - timedelta(days=365)


def test_origins_are_given_once_and_in_order() -> None:
    schedule = plan(timedelta(days=700), 60)
    origins = schedule.origins()
    assert len(set(origins)) == len(origins)
    assert origins == sorted(origins, key=lambda o: (o.as_of, o.horizon_days))
    assert set(origins) == {
        *schedule.snapshots,
        *schedule.late_snapshots,
        *looks(schedule),
        schedule.late,
    }
