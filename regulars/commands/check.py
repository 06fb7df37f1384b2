"""``regulars check``: what the door accepted, what not, and whether it is enough."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.door.log import Log
from regulars.commands.options import train_options
from regulars.console import Steps, print_json, print_table, say
from regulars.log import open_log
from training.kinds import find_learner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from features.door.log import AnyLog
    from features.door.rows.reports import TableReport
    from features.purchases.numpy.families.places import SlowFamily
    from features.purchases.readiness import Readiness
    from regulars.settings.settings import Settings

READY, NOT_READY = 0, 1
READY_IN_WORDS = "The log can carry a model."
NOT_READY_IN_WORDS = "The log cannot carry a model yet: see what is not met above."


def check(settings: Settings, *, as_json: bool) -> int:
    """Report on the log; 1 if it cannot carry a model."""
    with Steps() as step:
        step("Reading the log")
        with open_log(settings) as log:
            step("Counting what a model needs")
            readiness = look(log, settings)
            slow = look_for_slow(log, settings) if readiness.ready else ()
    if as_json:
        print_json({**as_values(log, readiness), "slow_families": [*map(asdict, slow)]})
    else:
        show_rows(log.reports.values())
        show_readiness(readiness)
        show_notes(map(str, slow))
        show_notes(
            f"{name} would add: {what}." for name, what in readiness.would_help.items()
        )
        say(READY_IN_WORDS if readiness.ready else NOT_READY_IN_WORDS)
    return READY if readiness.ready else NOT_READY


def look(log: AnyLog, settings: Settings) -> Readiness:
    """Compare what an open log holds with what a model needs, as of its end."""
    options = train_options(settings)
    return find_learner(options.kind).check(log, options=options)


def look_for_slow(log: AnyLog, settings: Settings) -> tuple[SlowFamily, ...]:
    """Return the families of features that are worked out slowly, and why."""
    if not isinstance(log, Log):
        return ()
    options = train_options(settings)
    learner = find_learner(options.kind)(log, as_of=log.ends_at, options=options)
    return learner.slow_families()


def as_values(log: AnyLog, readiness: Readiness) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "ready": readiness.ready,
        "starts_at": log.starts_at,
        "ends_at": log.ends_at,
        "tables": {name: report.to_dict() for name, report in log.reports.items()},
        **readiness.to_dict(),
    }


def show_rows(reports: Iterable[TableReport]) -> None:
    """Print rows in, accepted and set aside by reason, a line a table and reason."""
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    for report in reports:
        rows += [
            (report.table, "in", f"{report.rows_in:,}", ""),
            ("", "accepted", f"{report.rows_accepted:,}", ""),
        ]
        for reason, count in report.rejected.items():
            said = f"set aside: {in_words(reason)}"
            rows.append(("", said, f"{count:,}", first_place(report, reason)))
        notes += report.hints
        if report.unused:
            notes.append(f"Not used of {report.table}: {', '.join(report.unused)}.")
    columns = {"table": "left", "rows": "left", "number": "right", "first": "left"}
    print_table("The log", columns, rows)
    show_notes(notes)


def show_readiness(readiness: Readiness) -> None:
    """Print what a model needs beside what there is."""
    rows = [
        (m.name, f"{m.needed:,}", f"{m.found:,}", "yes" if m.met else "no")
        for m in readiness.minimums
    ]
    columns = {"a model needs": "left", "at least": "right", "found": "right"}
    print_table("Is it enough?", {**columns, "met": "left"}, rows)
    show_notes(readiness.notes)


def show_notes(notes: Iterable[str]) -> None:
    """Print each note on a line of its own."""
    for note in notes:
        say(f"- {note}")


def first_place(report: TableReport, reason: str) -> str:
    """Return the file and row of the first example of a reason."""
    example = next((row for row in report.examples if row.reason == reason), None)
    return f"{Path(example.file).name}, row {example.row}" if example else ""


def in_words(reason: str) -> str:
    """Return a reason's code as words.

    >>> in_words("missing_customer_id")
    'missing customer id'
    """
    return reason.replace("_", " ")
