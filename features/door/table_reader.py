"""Read one table from its files, through the cache where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from features.door.cache import ReadCache, open_table_cache
from features.door.files.formats import find_files
from features.door.files.parquet import OpenFile, open_file
from features.door.files.staging import stage_files
from features.door.layout import Layout, lay_out, number_attributes
from features.door.rows.columns import OPEN_TABLE
from features.door.rows.faults import Fault, Rules
from features.door.rows.reports import (
    RejectedRow,
    TableReport,
    count_reasons,
    printable,
)
from features.door.rows.staging import (
    NO_CACHED_FILES,
    CachedFile,
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
    cache: ReadCache | None,
) -> TableReport:
    """Create a table of the accepted rows of its files.

    Parameters
    ----------
    con : DuckDBPyConnection
        Where the table is created.
    table : str
    source : (str, mapping)
        A path or glob, and our column names to theirs.
    rules : Rules
    cache : ReadCache or None
        Where rows of earlier readings are.

    Raises
    ------
    TableError
        If a file or the whole table cannot be used.
    """
    path, mapping = source
    files = [open_file(con, file_path) for file_path in find_files(path)]
    layout = lay_out(table, mapping, files)
    staging = Staging(con, table, layout.columns, rules)
    staging.create()
    table_cache = open_table_cache(cache, table, path, layout=layout, rules=rules)
    cached = table_cache.find(files) if table_cache else NO_CACHED_FILES
    if cache and not table_cache:
        cache.n_read += len(files)
    fresh = {n: file for n, file in enumerate(files) if n not in cached}
    stage_files(staging, fresh, layout.theirs)
    if table_cache:
        table_cache.keep(staging, files, cached)
    sure, unsure = number_attributes(layout, files)
    numbers = sure | numbers_among(staging, unsure)
    report = settle(staging, layout, [str(file.path) for file in files], cached)
    check_any_accepted(report, files)
    staging.publish(numbers=numbers, cached=cached)
    return report


def settle(
    staging: Staging,
    layout: Layout,
    files: Sequence[str],
    cached: Mapping[int, CachedFile] = NO_CACHED_FILES,
) -> TableReport:
    """Find the faults that only show among all rows, and report."""
    currency = None
    if "currency" in layout.theirs:
        currency = set_aside_other_currencies(staging)
    if staging.table == OPEN_TABLE:
        set_aside_duplicates(staging)
    counts = staging.count_faults(cached)
    has_faults = any(fault is not None for fault, _ in counts)
    return make_report(
        staging.table,
        layout,
        counts,
        faults=staging.faults,
        files=files,
        examples=staging.list_examples(cached) if has_faults else (),
        currency=currency,
    )


def make_report(
    table: str,
    layout: Layout,
    counts: Iterable[tuple[int | None, int]],
    *,
    faults: Sequence[Fault],
    files: Sequence[str],
    examples: Iterable[tuple[int, str | None, int, int]],
    currency: str | None,
) -> TableReport:
    """Return the report of a table whose rows are counted by the number of their fault.

    ``examples`` are rows that were set aside: fault, value, number of the file, row.
    """
    accepted, rejected = 0, []
    for number, n_rows in counts:
        if number is None:
            accepted += n_rows
        else:
            rejected.append((faults[number].reason, n_rows))
    return TableReport(
        table=table,
        files=tuple(files),
        rows_in=accepted + sum(n_rows for _, n_rows in rejected),
        rows_accepted=accepted,
        rejected=count_reasons(rejected),
        examples=tuple(
            RejectedRow(
                file=files[file] if files else "",
                row=row,
                reason=faults[number].reason,
                column=faults[number].column,
                given=value and printable(value),
            )
            for number, value, file, row in examples
        ),
        columns=tuple(c.name for c in layout.columns if c.name in layout.theirs),
        unused=layout.unused,
        currency=currency,
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
    reasons = ", ".join(f"{reason} {n}" for reason, n in report.rejected.items())
    raise TableError(
        f"None of the {report.rows_in} rows of {names} can be used: {reasons}.",
        needed=f"At least one row of {report.table} without a fault.",
        todo=" ".join(report.hints) or "Correct the rows.",
    )
