"""A past score is made again, bit for bit, or it is said why not."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from features.door.log import Log
from features.door.log_files import log_from_rows
from serving.errors import UnknownCustomerError, UnknownRunError, UnpublishedError
from serving.predict.replay import Replay, past_score, replay
from serving.store import Publication, Store, publish
from tests.serving.trained import AS_OF, Folder, Trained

WHO = "c007"


def open_rows(trained: Trained, *more: dict[str, Any]) -> Log:
    """Return the log that the run was scored from, with more purchases of ``WHO``."""

    def rows(kind: str) -> list[dict[str, Any]]:
        return [
            {**row, "customer_id": name}
            for name, events in trained.events.items()
            for row in getattr(events, kind)
        ]

    added = [{"customer_id": WHO, "currency": "GBP", **row} for row in more]
    return log_from_rows(
        transactions=[*rows("transactions"), *added],
        interactions=rows("interactions"),
        customers=[
            {"customer_id": name, "joined_at": events.joined_at}
            for name, events in trained.events.items()
            if events.joined_at is not None
        ],
        now=datetime.now(UTC),
    )


@pytest.fixture
def log(trained: Trained) -> Iterator[Log]:
    """Open the log as it was."""
    with open_rows(trained) as opened:
        yield opened


def publish_run(store: Store, trained: Trained) -> str:
    run = trained.run
    return publish(
        store, Publication(run.table, context=run.context, model={"version": "1"})
    )


def replay_one(
    store: Store, trained: Trained, log: Log, run_id: str | None, who: str = WHO
) -> Replay:
    past = past_score(store, who, run_id=run_id)
    return replay(store, Folder(trained.folder), log, past)


def test_every_score_is_the_same_to_the_last_byte(
    store: Store, trained: Trained, log: Log
) -> None:
    run_id = publish_run(store, trained)
    for who in ("c000", WHO, "c042", "c099"):
        found = replay_one(store, trained, log, run_id, who)
        assert found.body == found.past.body
        assert (found.equal, found.differs, found.why) == (True, (), ())
        assert found.same_rows is True


def test_an_earlier_run_is_replayed_after_later_ones(
    sqlite_store: Store, trained: Trained, log: Log
) -> None:
    first = publish_run(sqlite_store, trained)
    publish_run(sqlite_store, trained)
    found = replay_one(sqlite_store, trained, log, first)
    assert found.equal
    assert found.to_dict()["run_id"] == first


def test_what_came_or_was_known_later_changes_nothing(
    sqlite_store: Store, trained: Trained
) -> None:
    publish_run(sqlite_store, trained)
    later = {"occurred_at": AS_OF, "amount": 500.0}
    earlier = AS_OF - timedelta(days=2)
    late = {"occurred_at": earlier, "known_at": AS_OF, "amount": 500.0}
    with open_rows(trained, later, late) as grown:
        found = replay_one(sqlite_store, trained, grown, None)
    assert found.equal
    assert found.same_rows is True


def test_a_row_that_was_slipped_in_is_told_with_the_columns_it_changes(
    sqlite_store: Store, trained: Trained
) -> None:
    publish_run(sqlite_store, trained)
    row = {"occurred_at": AS_OF - timedelta(days=2), "amount": 500.0}
    with open_rows(trained, row) as altered:
        found = replay_one(sqlite_store, trained, altered, None)
        other = replay_one(sqlite_store, trained, altered, None, "c042")
    assert not found.equal
    assert {"churn_probability", "expected_value"} <= set(found.differs)
    assert found.same_rows is False
    assert "are not the ones that the run saw" in found.why[0]
    assert json.dumps(found.to_dict())
    assert other.equal
    assert other.same_rows is False


def test_a_customer_whose_rows_are_gone_differs_in_all(
    sqlite_store: Store, trained: Trained
) -> None:
    publish_run(sqlite_store, trained)
    row = {"customer_id": "z", "occurred_at": AS_OF - timedelta(days=2), "amount": 5.0}
    with log_from_rows(transactions=[row], now=AS_OF) as emptied:
        found = replay_one(sqlite_store, trained, emptied, None)
    assert found.body is None
    assert len(found.differs) > 10
    assert any("The log is in None" in why for why in found.why)


def test_a_run_without_a_fingerprint_is_replayed_too(
    sqlite_store: Store, trained: Trained, log: Log
) -> None:
    run = trained.run
    old = {k: v for k, v in run.context.to_dict().items() if k != "fingerprint"}
    context = type(run.context).from_dict(old)
    publish(
        sqlite_store, Publication(run.table, context=context, model={"version": "1"})
    )
    found = replay_one(sqlite_store, trained, log, None)
    assert found.equal
    assert found.same_rows is None


def test_what_is_unknown_is_said(sqlite_store: Store, trained: Trained) -> None:
    with pytest.raises(UnpublishedError, match="No run is published"):
        past_score(sqlite_store, WHO, run_id=None)
    run_id = publish_run(sqlite_store, trained)
    with pytest.raises(UnknownRunError, match="keeps no run nowhere"):
        past_score(sqlite_store, WHO, run_id="nowhere")
    with pytest.raises(UnknownCustomerError, match="holds no customer 'nobody'"):
        past_score(sqlite_store, "nobody", run_id=run_id)
    with pytest.raises(UnknownCustomerError, match="holds no customer"):
        past_score(sqlite_store, "a\0b", run_id=run_id)
