"""A log ends where what is foretold ends; nothing else moves its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.door.bounds import find_bounds, notes_apart, notes_beyond
from features.door.log import Log
from features.door.log_files import log_from_rows

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
SOLD = datetime(2024, 5, 2, 14, tzinfo=UTC)
END = datetime(2024, 5, 3, tzinfo=UTC)
YEAR = timedelta(days=365)
QUARTER = timedelta(days=90)


def sale(at: datetime, amount: float = 5.0) -> dict[str, Any]:
    """Return a purchase, or with an amount of 0 or less something else."""
    return {"customer_id": "c1", "occurred_at": at, "amount": amount}


def contact(at: datetime) -> dict[str, Any]:
    return {"customer_id": "c1", "occurred_at": at, "type": "call"}


def contract(starts_at: datetime, ends_at: datetime | None = None) -> dict[str, Any]:
    return {"customer_id": "c1", "starts_at": starts_at, "ends_at": ends_at}


@contextmanager
def log_of(**tables: Any) -> Iterator[Log]:
    """Open a log that sold one thing, and had what is given besides."""
    bought = tables.pop("transactions", [])
    with log_from_rows(transactions=[sale(SOLD), *bought], now=NOW, **tables) as log:
        yield log


@given(st.timedeltas(-3 * YEAR, timedelta(days=600)))
def test_no_contact_return_or_customer_moves_the_end(after: timedelta) -> None:
    at = SOLD + after
    with log_of(
        transactions=[sale(at, -5.0), sale(at, 0.0)],
        interactions=[contact(at)],
        customers=[{"customer_id": "c1", "joined_at": at}],
        subscriptions=[contract(at)],
    ) as log:
        assert log.ends_at == END


@given(st.timedeltas(timedelta(0), timedelta(days=600)))
def test_a_purchase_moves_it_to_the_midnight_after(after: timedelta) -> None:
    with log_of(transactions=[sale(SOLD + after)]) as log:
        assert timedelta(0) < log.ends_at - (SOLD + after) <= timedelta(days=1)
        assert log.ends_at.time() == datetime.min.time()


@pytest.mark.parametrize("after", [-YEAR, timedelta(0), YEAR])
def test_contracts_are_learnt_from_up_to_their_last_change(after: timedelta) -> None:
    """A payment or a contact does not move their end; a start, or an end, does."""
    changed = datetime(2024, 3, 1, tzinfo=UTC)
    started = [contract(datetime(2024, 1, 1, tzinfo=UTC)), contract(changed)]
    more = sale(SOLD + after)
    with log_of(
        transactions=[more], interactions=[contact(SOLD)], subscriptions=started
    ) as log:
        _, end = find_bounds(log.con, learnt_from="subscriptions")
    assert end == changed + timedelta(days=1)


def test_labels_end_with_the_purchases_then_the_contracts_then_today() -> None:
    own: dict[str, Any] = {
        "customers": [{"customer_id": "c1", "churn": "yes"}],
        "interactions": [contact(SOLD + YEAR)],
    }
    paid = contract(SOLD)
    ends: list[tuple[dict[str, Any], datetime]] = [
        ({"transactions": [sale(SOLD)], "subscriptions": [paid]}, END),
        ({"subscriptions": [paid]}, END),
        ({}, datetime(2026, 1, 31, tzinfo=UTC)),
    ]
    for tables, end in ends:
        with log_from_rows(now=NOW, **own, **tables) as log:
            now = NOW.replace(tzinfo=None)
            assert find_bounds(log.con, learnt_from="customers", now=now)[1] == end


def test_without_a_purchase_the_end_is_that_of_the_table() -> None:
    with log_from_rows(transactions=[sale(SOLD, -5.0)], now=NOW) as log:
        assert (log.starts_at, log.ends_at) == (SOLD, END)
    with log_from_rows(now=NOW) as log:
        assert log.starts_at == log.ends_at == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_table_that_runs_far_beyond_the_end_is_named() -> None:
    days = [timedelta(days=d) for d in (-3, 2, 365)]
    with log_of(
        transactions=[sale(SOLD + YEAR, -5.0)],
        interactions=[contact(SOLD + after) for after in days],
        customers=[{"customer_id": "c1", "joined_at": SOLD + timedelta(days=2)}],
    ) as log:
        assert notes_beyond(log.con, ends_at=log.ends_at) == (
            "transactions run to 2025-05-02, 365 days beyond the end of the log on "
            "2024-05-02: 1 row is later, and not seen.",
            "interactions run to 2025-05-02, 365 days beyond the end of the log on "
            "2024-05-02: 2 rows are later, and not seen.",
        )


def test_contacts_of_the_last_days_are_nothing_to_speak_of() -> None:
    with log_of(interactions=[contact(SOLD + timedelta(days=6))]) as log:
        assert notes_beyond(log.con, ends_at=log.ends_at) == ()


@pytest.mark.parametrize(("days", "is_named"), [(89, False), (90, True), (365, True)])
def test_a_purchase_a_horizon_after_all_others_is_asked_about(
    days: int, is_named: bool
) -> None:
    late = sale(SOLD + timedelta(days=days))
    with log_of(transactions=[late, late]) as log:
        notes = notes_apart(log.con, ends_at=log.ends_at, horizon=QUARTER)
    assert [f"is {days} days after the one before it" in note for note in notes] == (
        [True] if is_named else []
    )


def test_a_log_of_one_day_has_no_purchase_apart() -> None:
    with log_of() as log:
        assert notes_apart(log.con, ends_at=log.ends_at, horizon=QUARTER) == ()
