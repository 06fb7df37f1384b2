"""``regulars keys``: who may ask the API."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

from regulars.console import print_table, say, tell
from serving.store import create_key, list_keys, open_store, revoke_key

if TYPE_CHECKING:
    from regulars.settings.settings import Settings


def create(settings: Settings, *, name: str, scopes: Sequence[str]) -> None:
    """Create a key; the secret goes to stdout, alone, so that it can be piped."""
    with closing(open_store(settings.store.url)) as store:
        key = create_key(store, name=name, scopes=scopes)
    tell(f"Key {key.key_id} for {name}. Its secret is shown only now:")
    say(key.secret)


def show(settings: Settings) -> None:
    """Print every key without its secret."""
    with closing(open_store(settings.store.url)) as store:
        keys = list_keys(store)
    columns = ("id", "name", "scopes", "created", "last used", "revoked")
    rows = [
        (key.key_id, key.name, " ".join(key.scopes))
        + tuple(day(at) for at in (key.created_at, key.last_used_at, key.revoked_at))
        for key in keys
    ]
    print_table("", dict.fromkeys(columns, "left"), rows)


def revoke(settings: Settings, *, key_id: str) -> None:
    """Revoke a key."""
    with closing(open_store(settings.store.url)) as store:
        revoke_key(store, key_id)
    tell(f"Key {key_id} is revoked.")


def day(instant: datetime | None) -> str:
    """Return the date of an instant, or nothing."""
    return "" if instant is None else f"{instant:%Y-%m-%d}"
