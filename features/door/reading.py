"""A table at the door, read from its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from features.door.files.formats import find_files
from features.door.files.parquet import OpenFile, open_file
from features.door.intake import stage_files
from features.door.layout import Layout, lay_out, number_attributes
from features.door.reading_cache import KeptLog, open_shelf
from features.door.rows.columns import OPEN_TABLE
from features.door.rows.faults import Rules
from features.door.rows.reports import TableReport
from features.door.rows.staging import (
    NOTHING_KEPT,
    KeptFile,
    Staging,
    numbers_among,
    set_aside_duplicates,
    set_aside_other_currencies,
)
from features.errors import TableError


def read_table(
    con: duckdb.DuckDBPyConnection,
    table: str,
    source: tuple[str, Mapping[str, str]],
    *,
    rules: Rules,
    kept: KeptLog | None,
) -> TableReport:
    """Make a table of the good rows of its files: a path or glob, and its columns.

    Raises
    ------
    TableError
        If a file or the whole table cannot be used.
    """
    path, mapping = source
    files = [open_file(con, each) for each in find_files(path)]
    layout = lay_out(table, mapping, files)
    staging = Staging(con, table, layout.columns, rules)
    staging.create()
    shelf = open_shelf(kept, table, path, layout=layout, rules=rules)
    known = shelf.find(files) if shelf else NOTHING_KEPT
    if kept and not shelf:
        kept.n_read += len(files)
    fresh = {n: file for n, file in enumerate(files) if n not in known}
    stage_files(staging, fresh, layout.theirs)
    if shelf:
        shelf.keep(staging, files, known)
    sure, unsure = number_attributes(layout, files)
    numbers = sure | numbers_among(staging, unsure)
    report = settle(staging, layout, [str(file.path) for file in files], known)
    check_any_accepted(report, files)
    staging.publish(numbers=numbers, kept=known)
    return report


def settle(
    staging: Staging,
    layout: Layout,
    files: Sequence[str],
    kept: Mapping[int, KeptFile] = NOTHING_KEPT,
) -> TableReport:
    """Find the faults that only show among all rows, and count."""
    currency = None
    if "currency" in layout.theirs:
        currency = set_aside_other_currencies(staging)
    if staging.table == OPEN_TABLE:
        set_aside_duplicates(staging)
    return staging.report(
        files=files,
        theirs=layout.theirs,
        unused=layout.unused,
        currency=currency,
        kept=kept,
    )


def check_any_accepted(report: TableReport, files: Sequence[OpenFile]) -> None:
    """Refuse a table none of whose rows can be used."""
    if report.rows_accepted:
        return
    names = ", ".join(str(file.path) for file in files[:3])
    if not report.rows_in:
        raise TableError(
            f"{names} has a header but no rows.",
            needed=f"At least one row of {report.table}.",
            todo="Export it again, or leave the table out if it is optional.",
        )
    reasons = ", ".join(f"{each} {n}" for each, n in report.rejected.items())
    raise TableError(
        f"None of the {report.rows_in} rows of {names} can be used: {reasons}.",
        needed=f"At least one row of {report.table} without a fault.",
        todo=" ".join(report.hints) or "Correct the rows.",
    )
