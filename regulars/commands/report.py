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
            dated = find_report(store, wanted.name, run_id=wanted.run_id)
        except (UnknownReportError, UnknownRunError) as exc:
            raise ConfigError(exc.problem, needed=exc.needed, todo=exc.todo) from exc
    form = "json" if as_json and wanted.format is None else wanted.format
    if wanted.out is None:
        write_stdout(dated, form)
        return 0
    form = form or wanted.out.suffix.removeprefix(".")
    wanted.out.write_text(render(dated, form), encoding="utf-8", newline="")
    tell(f"{dated.report.title.en}, run {dated.run_id}: {wanted.out}")
    return 0


def check(wanted: Wanted) -> None:
    """Refuse a format that there is not, and a file that cannot be written.

    Raises
    ------
    ConfigError
        If so.
    """
    check_out(wanted.out)
    form = wanted.format
    if form is None and wanted.out is not None:
        form = wanted.out.suffix.removeprefix(".")
    if form is not None and form not in FORMATS:
        raise ConfigError(
            f"The format is {form!r}.",
            needed=f"One of {', '.join(FORMATS)}.",
            todo="Name it with --format, or by the end of --out.",
        )


def render(dated: FoundReport, form: str) -> str:
    """Return a report as text of a format."""
    if form == "html":
        from serving.api.pages import render_report

        return render_report(dated)
    if form == "csv":
        return dated.to_csv()
    import json

    return json.dumps(dated.to_dict(), ensure_ascii=False, indent=2) + "\n"


def write_stdout(dated: FoundReport, form: str | None) -> None:
    """Print a report: as tables, one JSON object, CSV or a page."""
    if form is None:
        show(dated)
    elif form == "json":
        print_json(dated.to_dict())
    else:
        sys.stdout.write(render(dated, form))


def show_list(*, as_json: bool) -> None:
    """Print which reports there are."""
    items = list_reports()
    if as_json:
        print_json({"items": items})
        return
    rows = [(item["name"], item["en"], item["zh"]) for item in items]
    print_table("", {"report": "left", "what it shows": "left", "内容": "left"}, rows)


def show(dated: FoundReport) -> None:
    """Print what a report says, and its tables."""
    content = dated.report
    unit = f", amounts in {content.currency}" if content.currency else ""
    say(f"{content.title.en}, as of {dated.as_of:%Y-%m-%d}{unit}")
    for text in content.findings:
        say(text.en)
    for text in content.needs:
        say(f"Needs: {text.en}")
    show_tables(content)


def show_tables(content: Report) -> None:
    """Print the tables of a report in English."""
    for table in content.tables:
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
