"""A scoring run is written aside, then published by one pointer."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import DataError, StoreError
from models.score.schema import RunContext
from serving.store.engine import Store
from serving.store.facts import Beside, column_rows, fact_rows
from serving.store.json.score_rows import ScoreRows, as_rows
from serving.store.lists import Building, delete_members, write_builds
from serving.store.publishing.checkpoints import checkpoints
from serving.store.publishing.lock import PublishLock, publish_lock, wait_for
from serving.store.reports import delete_reports, insert_reports
from serving.store.rows import Row, insert_rows, one_instant, score_rows
from serving.store.tables import (
    DROPPED,
    PUBLISHED,
    STAGED,
    fact_columns,
    facts,
    published,
    runs,
    scores,
)

KEEP_RUNS = 30
"""Published runs that stay readable, the newest among them."""

ROWS_PER_DELETE = 10_000
"""Rows deleted in one transaction."""

BATCHES_PER_TRANSACTION = 2
"""Another writer waits for a second at most."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Staged:
    """A run that is being written.

    Parameters
    ----------
    number : int
        Its key in the store.
    run_id : str
        Its name for everybody else.
    """

    number: int
    run_id: str


@dataclass(frozen=True, slots=True)
class Publication:
    """What is published of a run.

    Parameters
    ----------
    scored : Table or ScoreRows
        One row a customer, with the columns of ``SCORE_SCHEMA``.
    context : RunContext
        What the run knew of all its customers; its ``as_of`` is that of every row.
    model : mapping
        What ``GET /v1/model`` shows, as JSON values. ``version`` is needed and is that
        of every row.
    beside : Beside or None
        The facts of the same customers, as the context describes them.
    lists : mapping of str to Building
        The lists of the run, so that they are there when it is.
    reports : mapping of str to str, or a Future of one
        The run's reports, each as JSON; waited for when all else is written.
    """

    scored: pa.Table | ScoreRows
    context: RunContext
    model: Mapping[str, Any]
    beside: Beside | None = None
    lists: Mapping[str, Building] = field(default_factory=dict)
    reports: Mapping[str, str] | Future[dict[str, str]] = field(default_factory=dict)


def publish(store: Store, publication: Publication, *, keep: int = KEEP_RUNS) -> str:
    """Publish a run: readers see the one before, whole, until they see this, whole.

    Parameters
    ----------
    store : Store
        From ``open_store``.
    publication : Publication
    keep : int
        How many published runs stay readable.

    Returns
    -------
    str
        The run's id.

    Raises
    ------
    DataError
        If the table cannot be published.
    StoreError
        If another process publishes, or the store fails. What was published stays.
    """
    rows = as_rows(publication.scored)
    version = _check(rows.figures, publication)
    with publish_lock(store) as lock, ThreadPoolExecutor(1) as pool:
        packed = pool.submit(list, column_rows(rows.figures, publication.beside))
        _collect(store, lock)
        with store.write() as con:
            lock.renew(con)
            run = _begin(con, publication, version=version)
        beside = publication.beside
        _insert(
            store,
            lock,
            {
                facts: fact_rows(beside) if beside else iter(()),
                fact_columns: _once_made(store, lock, packed),
                scores: score_rows(rows),
            },
            run=run.number,
        )
        _write_lists(store, lock, publication, run=run)
        reports = publication.reports
        if isinstance(reports, Future):
            reports = wait_for(store, lock, reports)
        with store.write() as con:
            lock.renew(con)
            insert_reports(con, reports, run=run.number)
            _flip(con, run, n_customers=rows.num_rows, keep=keep)
        try:
            _collect(store, lock)
        except StoreError as exc:
            log.warning("old runs stay until the next publish: %s", exc)
    return run.run_id


def _insert(
    store: Store,
    lock: PublishLock,
    batches_by_table: Mapping[sa.Table, Iterator[list[Row]]],
    *,
    run: int,
) -> None:
    """Insert the rows of a run, which nobody reads yet, a few batches at a time."""
    with checkpoints(store) as logged:
        for table, batches in batches_by_table.items():
            while first := list(islice(batches, 1)):
                with store.stage() as con:
                    lock.renew(con)
                    more = islice(batches, BATCHES_PER_TRANSACTION - 1)
                    for batch in chain(first, more):
                        insert_rows(con, batch, run=run, into=table)
                logged.begin()


def _write_lists(
    store: Store, lock: PublishLock, publication: Publication, *, run: Staged
) -> None:
    for name, building in publication.lists.items():
        with store.write() as con:
            lock.renew(con)
            write_builds(
                con,
                {name: building},
                run=run.number,
                run_id=run.run_id,
                as_of=publication.context.as_of,
            )


def _once_made(
    store: Store, lock: PublishLock, batches: Future[list[list[Row]]]
) -> Iterator[list[Row]]:
    """Yield what is made meanwhile."""
    yield from wait_for(store, lock, batches)


def _check(table: pa.Table, publication: Publication) -> str:
    """Return the version that the run is of."""
    context, model = publication.context, publication.model
    version = model.get("version")
    if not isinstance(version, str) or not version:
        raise DataError("The model has no version.", needed="model['version'], text.")
    if one_instant(table) not in {None, context.as_of}:
        raise DataError(
            "The scores are of another as_of than the run.",
            needed=f"{context.as_of.isoformat()} in every row.",
        )
    if pc.unique(table["model_version"]).to_pylist() not in ([], [version]):
        raise DataError(
            "The scores are of another model than the run.",
            needed=f"model_version {version} in every row.",
        )
    return version


def _begin(con: Connection, publication: Publication, *, version: str) -> Staged:
    context = publication.context
    run_id = f"{context.as_of:%Y%m%dT%H%M%SZ}-{secrets.token_hex(6)}"
    added = con.execute(
        sa.insert(runs)
        .values(
            run_id=run_id,
            state=STAGED,
            as_of=context.as_of,
            model_version=version,
            n_customers=0,
            context=_to_json(context.to_dict()),
            model=_to_json(dict(publication.model)),
            created_at=datetime.now(UTC),
        )
        .returning(runs.c.number)
    )
    return Staged(added.scalar_one(), run_id)


def _to_json(values: dict[str, Any]) -> str:
    try:
        return json.dumps(values, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as exc:
        raise DataError(
            f"The run's description cannot be written as JSON: {exc}.",
            needed="Text, finite numbers, lists and mappings.",
        ) from exc


def _flip(con: Connection, run: Staged, *, n_customers: int, keep: int) -> None:
    """Let readers see the run, and drop those that are too old."""
    con.execute(
        sa.update(runs)
        .where(runs.c.number == run.number)
        .values(
            state=PUBLISHED, n_customers=n_customers, published_at=datetime.now(UTC)
        )
    )
    con.execute(sa.update(published).values(run=run.number))
    newest = (
        sa.select(runs.c.number)
        .where(runs.c.state == PUBLISHED)
        .order_by(runs.c.number.desc())
        .limit(max(keep, 1))
    )
    con.execute(
        sa.update(runs)
        .where(runs.c.state == PUBLISHED, runs.c.number.not_in(newest))
        .values(state=DROPPED)
    )


def _collect(store: Store, lock: PublishLock) -> None:
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
    ids = sa.select(table.c.customer_id).where(table.c.run == number)
    with store.write() as con:
        lock.renew(con)
        return con.execute(
            sa.delete(table).where(
                table.c.run == number,
                table.c.customer_id.in_(ids.limit(ROWS_PER_DELETE)),
            )
        ).rowcount
