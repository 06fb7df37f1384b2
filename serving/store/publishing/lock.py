"""One publisher at a time, and no dead one stands in the way."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from features.errors import StoreError
from serving.store.engine import Store
from serving.store.publishing.lock_owner import is_dead, name_process
from serving.store.tables import locks

LEASE = timedelta(seconds=60)
"""A lock that was not renewed for so long is taken over."""

NAME = "publish"

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class PublishLock:
    """The right to publish.

    Parameters
    ----------
    owner : str
        Random, so that nobody else renews it.
    """

    owner: str

    def renew(self, con: Connection) -> None:
        """Keep the lock, inside the transaction whose work it guards.

        Raises
        ------
        StoreError
            If another publisher has taken over; the transaction is then undone.
        """
        renewed = con.execute(
            sa.update(locks)
            .where(locks.c.name == NAME, locks.c.owner == self.owner)
            .values(renewed_at=datetime.now(UTC))
        )
        if renewed.rowcount != 1:
            raise StoreError(
                "Another process took over while this one published.",
                needed="One publisher at a time.",
                todo="Look at the published run; start again if it is not yours.",
            )


@contextmanager
def publish_lock(store: Store) -> Iterator[PublishLock]:
    """Take the lock, or a stale one over, and give it back at the end.

    If it cannot be given back, it goes stale when this process ends.

    Raises
    ------
    StoreError
        If a living publisher holds it.
    """
    lock = PublishLock(secrets.token_hex(16))
    with store.write() as con:
        _take(con, lock)
    try:
        yield lock
    finally:
        with suppress(StoreError), store.write() as con:
            _release(con, lock)


def wait_for(
    store: Store, lock: PublishLock, work: Future[Made], *, every: timedelta = LEASE / 4
) -> Made:
    """Return what another thread makes, and keep the lock until it is there.

    Raises
    ------
    StoreError
        If another publisher has taken over.
    """
    while not wait([work], timeout=every.total_seconds()).done:
        with store.write() as con:
            lock.renew(con)
    return work.result()


def _take(con: Connection, lock: PublishLock) -> None:
    row = con.execute(sa.select(locks).where(locks.c.name == NAME)).one()
    if _is_held(row):
        raise StoreError(
            f"Another process is publishing (seen at {row.renewed_at:%H:%M:%S} UTC).",
            needed="One publisher at a time.",
            todo=f"Wait for it; if it died, wait {LEASE.seconds} seconds.",
        )
    same = locks.c.owner.is_not_distinct_from(row.owner)
    won = con.execute(
        sa.update(locks)
        .where(locks.c.name == NAME, same)
        .values(owner=lock.owner, process=name_process(), renewed_at=datetime.now(UTC))
    )
    if won.rowcount != 1:
        raise StoreError(
            "Another process began to publish at the same moment.",
            needed="One publisher at a time.",
            todo="Wait for it, then start again.",
        )


def _is_held(row: Row[Any]) -> bool:
    """Tell whether the owner lives, also when the clock has jumped either way."""
    if row.owner is None or is_dead(row.process):
        return False
    age: timedelta = abs(datetime.now(UTC) - row.renewed_at)
    return age < LEASE


def _release(con: Connection, lock: PublishLock) -> None:
    con.execute(
        sa.update(locks)
        .where(locks.c.name == NAME, locks.c.owner == lock.owner)
        .values(owner=None, process=None, renewed_at=None)
    )
