"""The rows of a run that nobody sees yet, written the fast way of each database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.store.engine import Store
from serving.store.lock import PublishLock
from serving.store.rows import COLUMNS, Row, score_rows
from serving.store.score_rows import ScoreRows
from serving.store.tables import scores

TOGETHER = 10
"""Batches in one transaction: pages of indexes that all of them touch are written once,
and another writer waits for two seconds at most."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A run that is being written.

    Parameters
    ----------
    number : int
        Its key in the store.
    run_id : str
        Its name for everybody else.
    lock : PublishLock
        The right to write it.
    """

    number: int
    run_id: str
    lock: PublishLock


def write_batches(
    store: Store, staged: Staged, batches: Iterable[list[Row]], *, into: sa.Table
) -> None:
    """Insert rows, some batches a transaction."""
    left = iter(batches)
    while some := list(islice(left, 1)):
        with store.stage() as con:
            staged.lock.renew(con)
            for batch in chain(some, islice(left, TOGETHER - 1)):
                insert_rows(con, batch, run=staged.number, into=into)


def insert_rows(
    con: Connection, rows: Sequence[Row], *, run: int, into: sa.Table = scores
) -> None:
    """Insert scores, or facts, the fast way of each database."""
    columns = [column.name for column in into.c]
    names = ", ".join(columns)
    numbered = [(run, *row) for row in rows]
    if con.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        con.exec_driver_sql(
            f"INSERT INTO {into.name} ({names}) VALUES ({marks})", numbered
        )
        return
    cursor: Any = con.connection.cursor()
    with cursor, cursor.copy(f"COPY {into.name} ({names}) FROM STDIN") as copy:
        for row in numbered:
            copy.write_row(row)


def write_changed(store: Store, staged: Staged, rows: ScoreRows) -> None:
    """Write anew the scores whose tier has changed since they were written."""
    update = (
        sa.update(scores)
        .where(
            scores.c.run == staged.number, scores.c.customer_id == sa.bindparam("key")
        )
        .values(tier=sa.bindparam("new_tier"), body=sa.bindparam("new_body"))
    )
    for batch in _changed(rows):
        with store.stage() as con:
            staged.lock.renew(con)
            con.execute(update, batch)


def _changed(rows: ScoreRows) -> Iterator[list[dict[str, Any]]]:
    key, tier, body = map(COLUMNS.index, ("customer_id", "tier", "body"))
    for chunk in rows.changed_chunks():
        for batch in score_rows(chunk):
            yield [
                {"key": row[key], "new_tier": row[tier], "new_body": row[body]}
                for row in batch
            ]
