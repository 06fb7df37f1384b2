"""API keys: shown once, kept as a hash, revoked at once."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from features.errors import ConfigError
from serving.store.engine import Store
from serving.store.tables import api_keys

SCOPES = ("read", "predict", "admin")
"""What a key may do; admin may do everything."""

SHAPE = re.compile(r"rgl_([0-9a-f]{12})_([0-9a-f]{64})")
"""How a key looks, so that scanners for leaked secrets can find it."""

NOBODY = hashlib.sha256(b"no such key").hexdigest()
MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made.

    Parameters
    ----------
    key_id : str
        Names it, also in lists and logs.
    secret : str
        The whole key as it is sent. It is shown once and kept nowhere.
    """

    key_id: str
    name: str
    scopes: tuple[str, ...]
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key."""

    key_id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    def may(self, scope: str) -> bool:
        """Tell whether the key has a scope."""
        return scope in self.scopes or "admin" in self.scopes


def create_key(store: Store, *, name: str, scopes: Sequence[str]) -> NewKey:
    """Make a key of 256 random bits.

    Raises
    ------
    ConfigError
        If a scope is unknown, none is given, or the name is empty or too long.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise ConfigError(
            f"The scopes are {', '.join(scopes) or 'none'}.",
            needed=f"Some of {', '.join(SCOPES)}.",
        )
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise ConfigError(
            "The key's name is empty, too long or not printable.",
            needed=f"1 to {MAX_NAME} characters, as in `--name crm`.",
        )
    key_id, secret = secrets.token_hex(6), secrets.token_hex(32)
    ordered = tuple(scope for scope in SCOPES if scope in scopes)
    with store.write() as con:
        con.execute(
            sa.insert(api_keys).values(
                key_id=key_id,
                name=name.strip(),
                scopes=" ".join(ordered),
                secret_sha256=_digest(secret),
                created_at=datetime.now(UTC),
            )
        )
    return NewKey(key_id, name.strip(), ordered, secret=f"rgl_{key_id}_{secret}")


def list_keys(store: Store) -> list[Key]:
    """Return all keys, the oldest first, revoked ones too."""
    query = sa.select(api_keys).order_by(api_keys.c.created_at, api_keys.c.key_id)
    with store.read() as con:
        return [_key(row) for row in con.execute(query)]


def revoke_key(store: Store, key_id: str) -> None:
    """Make a key invalid from now on; revoked again, it stays as it is.

    Raises
    ------
    ConfigError
        If there is no such key.
    """
    with store.write() as con:
        seen = con.execute(
            sa.update(api_keys)
            .where(api_keys.c.key_id == key_id)
            .values(
                revoked_at=sa.func.coalesce(
                    api_keys.c.revoked_at,
                    sa.bindparam(
                        "now", datetime.now(UTC), type_=api_keys.c.revoked_at.type
                    ),
                )
            )
        )
    if seen.rowcount == 0:
        raise ConfigError(
            "There is no key with this id.",
            needed="The 12 characters after rgl_.",
            todo="See `regulars keys list`.",
        )


def find_key(store: Store, presented: str) -> Key | None:
    """Return the valid key that a caller presents, None for any other text."""
    shape = SHAPE.fullmatch(presented)
    if shape is None:
        return None
    key_id, secret = shape.groups()
    with store.read() as con:
        row = con.execute(
            sa.select(api_keys).where(api_keys.c.key_id == key_id)
        ).one_or_none()
    expected = NOBODY if row is None else row.secret_sha256
    same = compare_digest(expected, _digest(secret))
    if row is None or not same or row.revoked_at is not None:
        return None
    return _key(row)


def touch_key(store: Store, key_id: str) -> None:
    """Record that a key is in use."""
    with store.write() as con:
        con.execute(
            sa.update(api_keys)
            .where(api_keys.c.key_id == key_id)
            .values(last_used_at=datetime.now(UTC))
        )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()


def _key(row: Row[Any]) -> Key:
    return Key(
        key_id=row.key_id,
        name=row.name,
        scopes=tuple(row.scopes.split()),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
