"""Level: corrected by what was missed before, within bounds, and only by that."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.training.fitted import fit_of
from training.fit.level import Level, learn_level
from training.fit.schedule import Schedule
from training.snapshots import LEAST_CUSTOMERS, Snapshots
from training.train import TrainedModel


@pytest.fixture(scope="module")
def schedule(trained_model: TrainedModel) -> Schedule:
    """Return the schedule of the trained version: a year and some."""
    return fit_of(trained_model).schedule


@pytest.fixture(scope="module")
def snapshots(trained_model: TrainedModel) -> Snapshots:
    """Return the snapshots of the trained version."""
    return fit_of(trained_model).snapshots


def recent(schedule: Schedule) -> Schedule:
    """Return the schedule of a log too short for an earlier year."""
    return replace(schedule, seasonal=(), recent=schedule.seasonal[0])


def with_labels(
    snapshots: Snapshots, change: Callable[[pd.DataFrame], pd.DataFrame]
) -> Snapshots:
    """Change what came after every origin."""
    labels = {origin: change(found) for origin, found in snapshots.labels.items()}
    return replace(snapshots, labels=labels)


def test_it_is_that_of_the_version(
    trained_model: TrainedModel, schedule: Schedule, snapshots: Snapshots
) -> None:
    assert learn_level(schedule, snapshots) == fit_of(trained_model).level


def test_the_same_time_of_earlier_years_comes_first(
    schedule: Schedule, snapshots: Snapshots
) -> None:
    assert learn_level(schedule, snapshots).source == "seasonal"
    level = learn_level(schedule, snapshots)
    assert level.looks == sum(len(year) for year in schedule.seasonal)


def test_else_the_last_looks_are_taken(
    schedule: Schedule, snapshots: Snapshots
) -> None:
    level = learn_level(recent(schedule), snapshots)
    assert (level.source, level.looks) == ("recent", len(recent(schedule).recent))


@pytest.mark.parametrize("few", [False, True])
def test_without_a_look_nothing_is_corrected(
    schedule: Schedule, snapshots: Snapshots, few: bool
) -> None:
    if few:
        least = LEAST_CUSTOMERS - 1
        small = {at: table.head(least) for at, table in snapshots.features.items()}
        level = learn_level(schedule, replace(snapshots, features=small))
    else:
        level = learn_level(replace(recent(schedule), recent=()), snapshots)
    assert level == Level("none", 0, 0.0, 1.0, 1.0, 0.0)
    p = np.array([0.2, 0.4])
    assert level.active_mean(p) == pytest.approx(0.3)


@pytest.mark.parametrize("seasonal", [True, False])
def test_more_money_than_foretold_lifts_money_alone(
    schedule: Schedule, snapshots: Snapshots, seasonal: bool
) -> None:
    planned = schedule if seasonal else recent(schedule)
    usual = learn_level(planned, snapshots)
    rich = with_labels(snapshots, lambda found: found.assign(value=2 * found["value"]))
    level = learn_level(planned, rich)
    assert level.value_factor > usual.value_factor
    assert level.active_shift == usual.active_shift
    assert level.orders_factor == usual.orders_factor


@pytest.mark.parametrize("seasonal", [True, False])
def test_more_who_stay_than_foretold_lift_the_share_of_active(
    schedule: Schedule, snapshots: Snapshots, seasonal: bool
) -> None:
    planned = schedule if seasonal else recent(schedule)
    usual = learn_level(planned, snapshots)
    loyal = with_labels(snapshots, lambda found: found.assign(churned=0.05))
    assert learn_level(planned, loyal).active_shift > usual.active_shift


@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_no_look_moves_the_level_beyond_its_bounds(
    schedule: Schedule, snapshots: Snapshots, factor: float
) -> None:
    odd = with_labels(
        snapshots, lambda found: found.assign(value=factor * found["value"].abs())
    )
    level = learn_level(schedule, odd)
    assert np.exp(-1.5) <= level.value_factor <= np.exp(1.5)


def test_nobody_coming_back_has_a_level(
    schedule: Schedule, snapshots: Snapshots
) -> None:
    nobody = with_labels(
        snapshots, lambda found: found.assign(churned=1.0, value=0.0, n_orders=0.0)
    )
    level = learn_level(schedule, nobody)
    assert all(np.isfinite(v) for v in level.to_dict().values() if v != "seasonal")
    assert 0 < level.active_mean(np.array([0.5])) < 0.5


def test_it_is_plain_json(schedule: Schedule, snapshots: Snapshots) -> None:
    level = learn_level(schedule, snapshots)
    assert Level(**json.loads(json.dumps(level.to_dict()))) == level
