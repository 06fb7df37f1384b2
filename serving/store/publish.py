"""A scoring run is written aside, then published by one pointer."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import DataError, StoreError
from models.scores import RunContext
from serving.store.aside import Aside
from serving.store.collect import collect
from serving.store.columns import column_rows
from serving.store.engine import Store
from serving.store.facts import Beside, fact_rows
from serving.store.lists import Building, write_builds
from serving.store.lock import publish_lock
from serving.store.reports import insert_reports
from serving.store.rows import check_ids, one_instant, score_rows
from serving.store.score_rows import ScoreRows, as_rows
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
from serving.store.writing import Staged, write_batches, write_changed

KEEP = 30
"""Published runs that stay readable, the newest among them."""

log = logging.getLogger(__name__)


def publish(
    store: Store,
    scored: pa.Table | ScoreRows,
    *,
    context: RunContext,
    model: Mapping[str, Any],
    beside: Beside | None = None,
    lists: Mapping[str, Building] | None = None,
    reports: Mapping[str, str] | None = None,
    aside: Aside | None = None,
    keep: int = KEEP,
) -> str:
    """Publish a run: readers see the one before, whole, until they see this, whole.

    Parameters
    ----------
    store : Store
        From ``open_store``.
    scored : Table or ScoreRows
        One row a customer, with the columns of ``SCORE_SCHEMA``.
    context : RunContext
        What the run knew of all its customers; its ``as_of`` is that of every row.
    model : mapping
        What ``GET /v1/model`` shows, as JSON values. ``version`` is needed and is that
        of every row.
    beside : Beside or None
        The facts of the same customers, as the context describes them.
    lists : mapping of str to Building, optional
        The lists of the run, so that they are there when it is.
    reports : mapping of str to str, optional
        The run's reports, each as JSON.
    aside : Aside or None
        What may have begun the run, and written its scores, already.
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
    rows = as_rows(scored)
    _check(rows.figures, context=context, model=model)
    staged = aside.finish() if aside is not None else None
    with ExitStack() as stack:
        if staged is None:
            begun = beginning(store, context=context, model=model)
            staged = stack.enter_context(begun)
            write_batches(store, staged, score_rows(rows), into=scores)
        else:
            write_changed(store, staged, rows)
        _write_beside(store, staged, rows, beside)
        _write_lists(store, staged, lists or {}, as_of=context.as_of)
        with store.write() as con:
            staged.lock.renew(con)
            insert_reports(con, reports or {}, run=staged.number)
            _describe(con, staged, context, n_customers=rows.num_rows)
            _flip(con, staged, keep=keep)
        try:
            collect(store, staged.lock)
        except StoreError as exc:
            log.warning("old runs stay until the next publish: %s", exc)
    return staged.run_id


def _write_beside(
    store: Store, staged: Staged, rows: ScoreRows, beside: Beside | None
) -> None:
    if beside is not None:
        write_batches(store, staged, fact_rows(beside), into=facts)
    columns = column_rows(rows.figures, beside)
    write_batches(store, staged, columns, into=fact_columns)


def _write_lists(
    store: Store, staged: Staged, lists: Mapping[str, Building], *, as_of: datetime
) -> None:
    for name, building in lists.items():
        with store.write() as con:
            staged.lock.renew(con)
            write_builds(
                con,
                {name: building},
                run=staged.number,
                run_id=staged.run_id,
                as_of=as_of,
            )


@contextmanager
def beginning(
    store: Store, *, context: RunContext, model: Mapping[str, Any]
) -> Iterator[Staged]:
    """Take the lock until the end, and begin a run that nobody sees.

    Raises
    ------
    DataError
        If the model has no version, or is not made of JSON values.
    StoreError
        If another process publishes, or the store fails.
    """
    version = _version(model)
    with publish_lock(store) as lock:
        collect(store, lock)
        with store.write() as con:
            lock.renew(con)
            run = _begin(con, version=version, context=context, model=model)
        yield Staged(*run, lock)


@contextmanager
def writing_aside(store: Store, *, model: Mapping[str, Any]) -> Iterator[Aside]:
    """Offer to write a run's scores before the rest of it is known.

    Parameters
    ----------
    model : mapping
        As for ``publish``.
    """
    with TemporaryDirectory(prefix="regulars-") as folder, ExitStack() as stack:
        start = partial(_beginning_of, store, model)
        yield Aside(Path(folder), store.engine.url, start, stack)


def _beginning_of(
    store: Store, model: Mapping[str, Any], context: RunContext
) -> AbstractContextManager[Staged]:
    return beginning(store, context=context, model=model)


def _version(model: Mapping[str, Any]) -> str:
    version = model.get("version")
    if not isinstance(version, str) or not version:
        raise DataError("The model has no version.", needed="model['version'], text.")
    return version


def _check(table: pa.Table, *, context: RunContext, model: Mapping[str, Any]) -> None:
    """Refuse scores of another run."""
    version = _version(model)
    check_ids(table)
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


def _begin(
    con: Connection, *, version: str, context: RunContext, model: Mapping[str, Any]
) -> tuple[int, str]:
    """Return the run's number and its id."""
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
            model=_to_json(dict(model)),
            created_at=datetime.now(UTC),
        )
        .returning(runs.c.number)
    )
    return added.scalar_one(), run_id


def _to_json(values: dict[str, Any]) -> str:
    try:
        return json.dumps(values, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as exc:
        raise DataError(
            f"The run's description cannot be written as JSON: {exc}.",
            needed="Text, finite numbers, lists and mappings.",
        ) from exc


def _describe(
    con: Connection, run: Staged, context: RunContext, *, n_customers: int
) -> None:
    """Keep what is known of a run now that all of it is there."""
    con.execute(
        sa.update(runs)
        .where(runs.c.number == run.number)
        .values(context=_to_json(context.to_dict()), n_customers=n_customers)
    )


def _flip(con: Connection, run: Staged, *, keep: int) -> None:
    """Let readers see the run, and drop those that are too old."""
    con.execute(
        sa.update(runs)
        .where(runs.c.number == run.number)
        .values(state=PUBLISHED, published_at=datetime.now(UTC))
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
