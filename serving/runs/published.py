"""Which run is published, and what is known of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from models.score.schema import RunContext
from serving.errors import UnknownRunError, UnpublishedError
from serving.store.engine import Store
from serving.store.tables import PUBLISHED, published, runs


@dataclass(frozen=True, slots=True)
class Run:
    """A published run.

    Parameters
    ----------
    number : int
        Its key in the store.
    context : dict
        A ``RunContext`` in JSON values.
    model : dict
        What its publisher said of the model.
    revision : int
        How often something was decided by hand since it was published.
    """

    number: int
    run_id: str
    as_of: datetime
    model_version: str
    n_customers: int
    published_at: datetime
    context: dict[str, Any]
    model: dict[str, Any]
    revision: int = 0

    @property
    def stamp(self) -> str:
        """Return the run's id, and how often something was decided by hand since."""
        return f"{self.run_id}.{self.revision}" if self.revision else self.run_id

    def restore_context(self) -> RunContext:
        """Return the context as the scorer takes it."""
        return RunContext.from_dict(self.context)


def published_run(con: Connection) -> Run:
    """Return the run that readers see.

    Raises
    ------
    UnpublishedError
        If there is none yet.
    """
    query = sa.select(runs).join(published, published.c.run == runs.c.number)
    row = con.execute(query).one_or_none()
    if row is None:
        raise UnpublishedError(
            "No run is published.", needed="One.", todo="Run `regulars score`."
        )
    return _run(row)


def kept_run(con: Connection, run_id: str) -> Run | None:
    """Return a run that is still readable, None if it is gone or never was."""
    query = sa.select(runs).where(runs.c.run_id == run_id, runs.c.state == PUBLISHED)
    row = con.execute(query).one_or_none()
    return None if row is None else _run(row)


def find_run(con: Connection, run_id: str | None) -> Run:
    """Return a kept run by its id, by default the published one.

    Raises
    ------
    UnknownRunError
        If it is not kept.
    UnpublishedError
        If there is none.
    """
    if run_id is None:
        return published_run(con)
    run = kept_run(con, run_id)
    if run is None:
        raise UnknownRunError(f"No run {run_id} is kept.")
    return run


def earlier_runs(con: Connection, run: Run) -> Iterator[Run]:
    """Yield the readable runs before one, the newest first."""
    query = (
        sa.select(runs)
        .where(runs.c.state == PUBLISHED, runs.c.number < run.number)
        .order_by(runs.c.number.desc())
    )
    yield from (_run(row) for row in con.execute(query))


def model(store: Store) -> Run:
    """Return the published run, with the model that made it.

    Raises
    ------
    UnpublishedError
        If there is none yet.
    """
    with store.read() as con:
        return published_run(con)


def _run(row: Row[Any]) -> Run:
    return Run(
        number=row.number,
        run_id=row.run_id,
        as_of=row.as_of,
        model_version=row.model_version,
        n_customers=row.n_customers,
        published_at=row.published_at,
        context=_read_dict(row.context),
        model=_read_dict(row.model),
        revision=row.revision,
    )


@lru_cache(maxsize=8)
def _read_dict(text: str) -> dict[str, Any]:
    """Read a context or a card, which are long, once; nobody writes to it."""
    return dict(json.loads(text))
