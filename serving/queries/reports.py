"""The reports of a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from features.suggest import did_you_mean
from models.reports import TITLES, Report
from models.reports.sheet import write_csv
from serving.errors import UnknownReportError, UnknownRunError
from serving.runs.published import Run, kept_run, published_run
from serving.store.engine import Store
from serving.store.json.by_row import rfc3339
from serving.store.reports import report_body


@dataclass(frozen=True, slots=True)
class FoundReport:
    """A report and the run that it is of."""

    run_id: str
    as_of: datetime
    model_version: str
    report: Report

    def to_dict(self) -> dict[str, Any]:
        """Return what users get, as JSON values."""
        head = {
            "run_id": self.run_id,
            "as_of": rfc3339(self.as_of),
            "model_version": self.model_version,
        }
        return {**head, **self.report.to_answer()}

    def to_csv(self) -> str:
        """Return the tables as CSV, with a byte order mark for Excel."""
        return write_csv(self.report)


def report(store: Store, name: str, *, run_id: str | None = None) -> FoundReport:
    """Return a report of the published run, or of an earlier one that is kept.

    Raises
    ------
    UnknownReportError
        If there is no such report, or the run was published without.
    UnknownRunError
        If the run is not kept.
    UnpublishedError
        If there is no run.
    """
    if name not in TITLES:
        raise UnknownReportError(
            f"There is no report {name[:50]!r}.",
            needed=f"One of {', '.join(TITLES)}.",
            todo=did_you_mean(name, list(TITLES)),
        )
    with store.read() as con:
        run = _run(con, run_id)
        body = report_body(con, name, run=run.number)
    if body is None:
        raise UnknownReportError(
            f"Run {run.run_id} was published without reports.",
            todo="Run `regulars score`.",
        )
    read = Report.from_dict(json.loads(body))
    return FoundReport(run.run_id, run.as_of, run.model_version, read)


def list_reports() -> list[dict[str, str]]:
    """Return the name and the titles of each report."""
    return [
        {"name": name, "en": title.en, "zh": title.zh} for name, title in TITLES.items()
    ]


def _run(con: Connection, run_id: str | None) -> Run:
    if run_id is None:
        return published_run(con)
    run = None if "\0" in run_id else kept_run(con, run_id)
    if run is None:
        raise UnknownRunError(
            f"Run {run_id[:50]} is not kept.",
            needed="A run that was published, among the newest 30.",
            todo="Leave it out for the published one.",
        )
    return run
