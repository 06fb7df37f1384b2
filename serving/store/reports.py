"""The reports of a run, and where customers stood in the run before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.store.engine import Store
from serving.store.tables import PUBLISHED, reports, runs, scores


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """Where the customers of an earlier run stood.

    Parameters
    ----------
    run_id : str
    as_of : datetime
    rows : list of tuple
        ``customer_id``, ``lifecycle_stage``, ``tier``.
    """

    run_id: str
    as_of: datetime
    rows: list[tuple[Any, ...]]


def insert_reports(con: Connection, bodies: Mapping[str, str], *, run: int) -> None:
    """Keep a run's reports, each as JSON."""
    rows = [{"run": run, "name": name, "body": body} for name, body in bodies.items()]
    if rows:
        con.execute(sa.insert(reports), rows)


def delete_reports(con: Connection, *, run: int) -> None:
    """Forget a run's reports."""
    con.execute(sa.delete(reports).where(reports.c.run == run))


def report_body(con: Connection, name: str, *, run: int) -> str | None:
    """Return a report of a run as JSON, None where the run has none."""
    query = sa.select(reports.c.body).where(
        reports.c.run == run, reports.c.name == name
    )
    body: str | None = con.execute(query).scalar_one_or_none()
    return body


def earlier_run(store: Store, *, as_of: datetime) -> EarlierRun | None:
    """Return the newest readable run with an earlier as_of, None if there is none."""
    newest = (
        sa.select(runs.c.number, runs.c.run_id, runs.c.as_of)
        .where(runs.c.state == PUBLISHED, runs.c.as_of < as_of)
        .order_by(runs.c.as_of.desc(), runs.c.number.desc())
        .limit(1)
    )
    with store.read() as con:
        run = con.execute(newest).one_or_none()
        if run is None:
            return None
        columns = (scores.c.customer_id, scores.c.lifecycle_stage, scores.c.tier)
        rows = con.execute(sa.select(*columns).where(scores.c.run == run.number))
        return EarlierRun(run.run_id, run.as_of, [tuple(row) for row in rows])
