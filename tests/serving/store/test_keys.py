"""Tests of API keys in the store."""

import re

import pytest
import sqlalchemy as sa

from features.errors import ConfigError
from serving.store import Store, create_key, list_keys, revoke_key
from serving.store.keys import MAX_NAME, find_key, touch_key
from serving.store.tables import api_keys


def test_a_key_can_be_found_by_scanners_for_leaked_secrets(store: Store) -> None:
    key = create_key(store, name="crm", scopes=["read"])
    assert re.fullmatch(r"rgl_[0-9a-f]{12}_[0-9a-f]{64}", key.secret)
    assert key.secret.split("_")[1] == key.key_id


def test_the_secret_is_neither_stored_nor_printed(store: Store) -> None:
    key = create_key(store, name="crm", scopes=["read"])
    secret = key.secret.split("_")[2]
    with store.read() as con:
        rows = con.execute(sa.select(api_keys)).all()
    assert secret not in repr(rows)
    assert secret not in repr(key)
    assert secret not in repr(list_keys(store))


def test_only_the_whole_key_is_valid(store: Store) -> None:
    key = create_key(store, name="crm", scopes=["read"])
    other = create_key(store, name="desk", scopes=["read"])
    prefix, key_id, secret = key.secret.split("_")
    found = find_key(store, key.secret)
    assert found is not None
    assert found.key_id == key_id
    for wrong in (
        "",
        secret,
        f"{prefix}_{key_id}_{secret[:-1]}0"[::-1],
        f"{prefix}_{other.key_id}_{secret}",
        f"{prefix}_{'0' * 12}_{secret}",
        f"{key.secret} ",
        key.secret.upper(),
        "rgl_é_\0",
    ):
        assert find_key(store, wrong) is None


def test_a_revoked_key_is_invalid_and_still_listed(store: Store) -> None:
    key = create_key(store, name="crm", scopes=["read"])
    revoke_key(store, key.key_id)
    (first,) = list_keys(store)
    revoke_key(store, key.key_id)
    assert find_key(store, key.secret) is None
    assert list_keys(store) == [first]
    assert first.revoked_at is not None
    assert first.revoked_at >= first.created_at


def test_admin_may_everything_and_others_only_what_they_were_given(
    store: Store,
) -> None:
    for name, scopes in (("a", ["admin"]), ("b", ["predict", "read", "read"])):
        create_key(store, name=name, scopes=scopes)
    admin, other = list_keys(store)
    assert other.scopes == ("read", "predict")
    assert [admin.may(scope) for scope in ("read", "predict", "admin")] == [True] * 3
    assert [other.may(scope) for scope in ("read", "predict", "admin")] == [
        True,
        True,
        False,
    ]


def test_the_time_of_last_use_is_kept(store: Store) -> None:
    key = create_key(store, name="crm", scopes=["read"])
    assert list_keys(store)[0].last_used_at is None
    touch_key(store, key.key_id)
    (found,) = list_keys(store)
    assert found.last_used_at is not None
    assert found.last_used_at.tzinfo is not None


@pytest.mark.parametrize("scopes", [[], ["write"], ["read", "Read"]])
def test_unknown_scopes_are_refused(sqlite_store: Store, scopes: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"Some of read, predict, admin"):
        create_key(sqlite_store, name="crm", scopes=scopes)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\0", "x" * (MAX_NAME + 1)])
def test_names_that_spoil_a_list_are_refused(sqlite_store: Store, name: str) -> None:
    with pytest.raises(ConfigError, match=r"name is empty, too long or not printable"):
        create_key(sqlite_store, name=name, scopes=["read"])


def test_an_unknown_key_cannot_be_revoked(sqlite_store: Store) -> None:
    with pytest.raises(ConfigError, match=r"no key with this id"):
        revoke_key(sqlite_store, "0" * 12)
