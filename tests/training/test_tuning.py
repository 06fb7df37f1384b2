"""Tuning never sees the holdout, goes on where it stopped, and has to be better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from features.door.log import Log
from features.errors import DataError
from tests.buyers import STARTS_AT, Rows, make_rows
from training.fit.schedule import holdout_origin, plan_schedule
from training.fit.trials import BuyerTrials, prepare_buyer_trials
from training.registry import connect, register
from training.train import TrainedModel, TrainOptions
from training.tuning import MARGIN, Budget, Tuning, tune

AS_OF = STARTS_AT + timedelta(days=480)
HORIZON = timedelta(days=60)
OPTIONS = TrainOptions(horizon=HORIZON, seed=1)


@pytest.fixture(scope="module")
def few() -> Rows:
    return make_rows(n_customers=200)


@pytest.fixture(scope="module")
def log(few: Rows) -> Iterator[Log]:
    with few.open() as opened:
        yield opened


@pytest.fixture
def storage(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'tuning.db'}"


def search(log: Log, storage: str, *, trials: int, minutes: float = 5.0) -> Tuning:
    return tune(
        log,
        as_of=AS_OF,
        options=OPTIONS,
        budget=Budget(timedelta(minutes=minutes), trials),
        storage=storage,
    )


def trials_of(log: Log) -> BuyerTrials:
    holdout = holdout_origin(
        starts_at=log.starts_at, as_of=AS_OF, horizon_days=HORIZON.days
    )
    assert holdout is not None
    schedule = plan_schedule(
        starts_at=log.starts_at, as_of=holdout.as_of, horizon_days=holdout.horizon_days
    )
    return prepare_buyer_trials(log, schedule, seed=1)


def test_a_search_goes_on_where_it_stopped(log: Log, storage: str) -> None:
    first = search(log, storage, trials=1)
    second = search(log, storage, trials=1)

    assert (first.n_trials, second.n_trials) == (2, 3)
    assert second.study == first.study
    assert second.default_value == first.default_value
    assert second.best_value >= first.best_value >= first.default_value
    assert second.to_dict()["margin"] == MARGIN


def test_what_is_found_is_used_only_where_it_is_better_twice(
    log: Log, storage: str
) -> None:
    found = search(log, storage, trials=2)

    better = found.best_value - found.default_value >= MARGIN
    assert found.is_used == (better and found.confirmed_gain >= MARGIN)
    assert (found.parameters is not None) == found.is_used
    assert replace(found, is_used=False).parameters is None
    assert replace(found, is_used=True).parameters == found.best_parameters


def test_no_trial_is_begun_without_time_for_it(log: Log, storage: str) -> None:
    found = search(log, storage, trials=99, minutes=0.0)

    assert found.n_trials == 1
    assert found.best_value == found.default_value
    assert not found.is_used


def test_nothing_of_the_holdout_is_seen(few: Rows, log: Log) -> None:
    holdout = holdout_origin(
        starts_at=log.starts_at, as_of=AS_OF, horizon_days=HORIZON.days
    )
    assert holdout is not None
    with few.before(holdout.as_of).open() as before:
        alone = trials_of(before)
    whole = trials_of(log)

    assert whole.X.equals(alone.X)
    assert whole.X_late.equals(alone.X_late)
    assert whole.labels.equals(alone.labels)
    assert np.array_equal(whole.spend, alone.spend)
    assert np.array_equal(whole.churned, alone.churned)


def test_a_history_that_is_too_short_is_refused(log: Log, storage: str) -> None:
    with pytest.raises(DataError, match="too short to tune"):
        tune(
            log,
            as_of=STARTS_AT + timedelta(days=20),
            options=OPTIONS,
            budget=Budget(timedelta(minutes=1), 1),
            storage=storage,
        )


def test_what_was_found_is_logged_with_the_version(
    trained_model: TrainedModel, tmp_path: Path
) -> None:
    found = Tuning(
        study="rows-60d",
        as_of="2023-03-01T00:00:00+00:00",
        judged_at="2023-01-01T00:00:00+00:00",
        judged_days=60,
        n_trials=9,
        default_value=0.8,
        best_value=0.81,
        confirmed_gain=0.004,
        best_parameters={"num_leaves": 4},
        is_used=True,
    )
    tuned = replace(
        trained_model, card={**trained_model.card, "tuning": found.to_dict()}
    )
    tracking_uri = f"sqlite:///{tmp_path / 'regulars.db'}"

    registered = register(tuned, tracking_uri=tracking_uri)

    data = connect(tracking_uri).get_run(registered.run_id).data
    assert data.params["tuning_best_parameters"] == "{'num_leaves': 4}"
    assert data.params["tuning_is_used"] == "True"
    assert data.metrics["tuning_n_trials"] == 9
    assert data.metrics["tuning_default_value"] == pytest.approx(0.8)
    assert data.metrics["tuning_best_value"] == pytest.approx(0.81)
