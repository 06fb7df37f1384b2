"""``regulars report``: show a report of the published run, or list them."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import ConfigError
from models.reports import Report
from models.reports.figures import write_figure
from regulars.commands.score import check_out
from regulars.console import print_json, print_table, say, tell
from serving.errors import UnknownReportError, UnknownRunError
from serving.queries import FoundReport, list_reports
from serving.queries import report as find_report
from serving.store import open_store

if TYPE_CHECKING:
    from regulars.settings.settings import Settings

FORMATS = ("json", "csv", "html")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which report, and how.

    Parameters
    ----------
    name : str or None
        None lists the reports.
    format : str or None
        One of ``FORMATS``; None prints tables.
    run_id : str or None
        None is the published run.
    out : Path or None
        Where to write; None is stdout.
    """

    name: str | None = None
    format: str | None = None
    run_id: str | None = None
    out: Path | None = None


def report(settings: Settings, *, wanted: Wanted, as_json: bool) -> int:
    """Print or write a report; without a name, list them."""
    check(wanted)
    if wanted.name is None:
        show_list(as_json=as_json)
        return 0
    with closing(open_store(settings.store.url)) as store:
        try:
            found = find_report(store, wanted.name, run_id=wanted.run_id)
        except (UnknownReportError, UnknownRunError) as exc:
            raise ConfigError(exc.problem, needed=exc.needed, todo=exc.todo) from exc
    form = "json" if as_json and wanted.format is None else wanted.format
    if wanted.out is None:
        write_stdout(found, form)
        return 0
    form = form or wanted.out.suffix.removeprefix(".")
    wanted.out.write_text(render(found, form), encoding="utf-8", newline="")
    tell(f"{found.report.title.en}, run {found.run_id}: {wanted.out}")
    return 0


def check(wanted: Wanted) -> None:
    """Refuse a format that there is not, and a file that cannot be written.

    Raises
    ------
    ConfigError
        If so.
    """
    check_out(wanted.out)
    given = wanted.format
    if given is None and wanted.out is not None:
        given = wanted.out.suffix.removeprefix(".")
    if given is not None and given not in FORMATS:
        raise ConfigError(
            f"The format is {given!r}.",
            needed=f"One of {', '.join(FORMATS)}.",
            todo="Name it with --format, or by the end of --out.",
        )


def render(found: FoundReport, form: str) -> str:
    """Return a report as text of a format."""
    if form == "html":
        from serving.api.pages import render_report

        return render_report(found)
    if form == "csv":
        return found.to_csv()
    import json

    return json.dumps(found.to_dict(), ensure_ascii=False, indent=2) + "\n"


def write_stdout(found: FoundReport, form: str | None) -> None:
    """Print a report: as tables, one JSON object, CSV or a page."""
    if form is None:
        show(found)
    elif form == "json":
        print_json(found.to_dict())
    else:
        sys.stdout.write(render(found, form))


def show_list(*, as_json: bool) -> None:
    """Print which reports there are."""
    items = list_reports()
    if as_json:
        print_json({"items": items})
        return
    rows = [(item["name"], item["en"], item["zh"]) for item in items]
    print_table("", {"report": "left", "what it shows": "left", "内容": "left"}, rows)


def show(found: FoundReport) -> None:
    """Print what a report says, and its tables."""
    told = found.report
    unit = f", amounts in {told.currency}" if told.currency else ""
    say(f"{told.title.en}, as of {found.as_of:%Y-%m-%d}{unit}")
    for text in told.findings:
        say(text.en)
    for text in told.needs:
        say(f"Needs: {text.en}")
    show_tables(told)


def show_tables(told: Report) -> None:
    """Print the tables of a report in English."""
    for table in told.tables:
        headings = {
            column.title.en: "left" if column.kind == "text" else "right"
            for column in table.columns
        }
        rows = [
            tuple(
                write_figure(value, column.kind)
                for value, column in zip(row, table.columns, strict=True)
            )
            for row in table.rows
        ]
        print_table(table.title.en, headings, rows)
