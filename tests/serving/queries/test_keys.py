"""Tests of who asks."""

from datetime import timedelta

import pytest

from features.errors import StoreError
from serving.errors import UnauthenticatedError
from serving.queries import KeyRing
from serving.store import Store, create_key, list_keys, revoke_key


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


def test_a_key_is_remembered_for_a_moment_only(store: Store) -> None:
    clock = Clock()
    ring = KeyRing(store, trust=timedelta(seconds=1), clock=clock)
    secret = create_key(store, name="crm", scopes=["read"]).secret
    assert ring.recall(secret) is None
    key = ring.authenticate(secret)
    assert ring.recall(secret) == key
    assert ring.recall(secret[:-1]) is None
    clock.seconds += 1.0
    assert ring.recall(secret) is None


def test_a_revoked_key_stops_within_a_second(store: Store) -> None:
    clock = Clock()
    ring = KeyRing(store, clock=clock)
    new = create_key(store, name="crm", scopes=["read"])
    ring.authenticate(new.secret)
    revoke_key(store, new.key_id)
    clock.seconds += 1.0
    assert ring.recall(new.secret) is None
    with pytest.raises(UnauthenticatedError, match=r"not valid"):
        ring.authenticate(new.secret)


def test_the_last_use_is_written_now_and_then(store: Store) -> None:
    ring = KeyRing(store)
    secret = create_key(store, name="crm", scopes=["read"]).secret
    key = ring.authenticate(secret)
    assert ring.is_due(key)
    ring.touch(key)
    assert not ring.is_due(key)
    assert not KeyRing(store).is_due(KeyRing(store).authenticate(secret))
    assert list_keys(store)[0].last_used_at is not None


def test_of_many_who_ask_at_once_one_writes_the_last_use(store: Store) -> None:
    ring = KeyRing(store)
    secret = create_key(store, name="crm", scopes=["read"]).secret
    keys = [ring.authenticate(secret) for _ in range(3)]
    assert [ring.claim(key) for key in keys] == [True, False, False]


def test_a_store_that_cannot_be_written_does_not_stop_a_caller(
    sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    ring = KeyRing(sqlite_store)
    key = ring.authenticate(create_key(sqlite_store, name="c", scopes=["read"]).secret)
    with sqlite_store.write() as con:
        con.exec_driver_sql("ALTER TABLE api_keys RENAME TO elsewhere")
    ring.touch(key)
    assert f"last use of key {key.key_id} is not recorded" in caplog.text


def test_without_the_store_nobody_is_let_in_or_turned_away(
    sqlite_store: Store,
) -> None:
    secret = create_key(sqlite_store, name="crm", scopes=["read"]).secret
    with sqlite_store.write() as con:
        con.exec_driver_sql("ALTER TABLE api_keys RENAME TO elsewhere")
    with pytest.raises(StoreError, match=r"no such table"):
        KeyRing(sqlite_store).authenticate(secret)
