"""The rows of runs that nobody can read any more are deleted, some at a time."""

from __future__ import annotations

import sqlalchemy as sa

from serving.store.engine import Store
from serving.store.lists import delete_members
from serving.store.lock import PublishLock
from serving.store.reports import delete_reports
from serving.store.tables import (
    DROPPED,
    STAGED,
    fact_columns,
    facts,
    runs,
    scores,
)

CHUNK = 10_000
"""Rows deleted in one transaction."""


def collect(store: Store, lock: PublishLock) -> None:
    """Delete the rows of dropped runs and of those whose publisher died."""
    with store.read() as con:
        gone = con.scalars(
            sa.select(runs.c.number).where(runs.c.state.in_((STAGED, DROPPED)))
        ).all()
    for number in gone:
        for table in (facts, scores):
            while _delete_chunk(store, lock, number, table):
                pass
        with store.write() as con:
            lock.renew(con)
            delete_members(con, number)
            delete_reports(con, run=number)
            con.execute(sa.delete(fact_columns).where(fact_columns.c.run == number))
            con.execute(sa.delete(runs).where(runs.c.number == number))


def _delete_chunk(store: Store, lock: PublishLock, number: int, table: sa.Table) -> int:
    """Delete some rows of a run; return how many."""
    some = sa.select(table.c.customer_id).where(table.c.run == number).limit(CHUNK)
    with store.write() as con:
        lock.renew(con)
        return con.execute(
            sa.delete(table).where(table.c.run == number, table.c.customer_id.in_(some))
        ).rowcount
