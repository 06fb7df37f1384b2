"""Sheets as files: CSV and Excel that start no formula, and Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError
from models.words.cells import BOM, DANGEROUS, neutralise
from serving.queries.lists.sheet import ListSheet

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
"""Each format, and its media type."""

MAX_ROWS = 1_048_575
"""Rows of an Excel sheet besides its heading."""

MAX_CELL = 32_767


def write_sheet(sheet: ListSheet, kind: str) -> bytes:
    """Return a sheet as a file.

    Parameters
    ----------
    kind : str
        ``csv``, ``xlsx`` or ``parquet``.

    Raises
    ------
    DataError
        If the sheet does not fit the format.
    """
    writers = {"csv": write_csv, "xlsx": write_xlsx, "parquet": write_parquet}
    return writers[kind](sheet)


def write_csv(sheet: ListSheet) -> bytes:
    """Return CSV in UTF-8 with a BOM; text that could start a formula is quoted."""
    return _csv(sheet.rows.column_names, _cells(sheet.rows))


def write_about(sheet: ListSheet) -> bytes:
    """Return what the second sheet says, as CSV."""
    return _csv(["what", "value"], sheet.about)


def write_parquet(sheet: ListSheet) -> bytes:
    """Return Parquet; what the second sheet says is its metadata ``regulars``."""
    about = json.dumps([list(pair) for pair in sheet.about], ensure_ascii=False)
    rows = sheet.rows.replace_schema_metadata({"regulars": about})
    out = io.BytesIO()
    pq.write_table(rows, out, compression="zstd")
    return out.getvalue()


def write_xlsx(sheet: ListSheet) -> bytes:
    """Return an Excel file: the rows, and a second sheet that says what they are.

    Raises
    ------
    DataError
        If there are more rows than Excel takes.
    """
    if sheet.rows.num_rows > MAX_ROWS:
        raise DataError(
            f"The list has {sheet.rows.num_rows:,} rows.",
            needed=f"At most {MAX_ROWS:,} for Excel.",
            todo="Export csv or parquet, or give the list a limit.",
        )
    import xlsxwriter

    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        formats = {
            "head": book.add_format({"bold": True}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            # The quote that Excel itself keeps before text that looks like a formula.
            "quoted": book.add_format({"quote_prefix": True}),
        }
        _fill(
            book.add_worksheet("members"),
            sheet.rows.column_names,
            _cells(sheet.rows),
            formats,
        )
        pairs = [list(pair) for pair in sheet.about]
        _fill(book.add_worksheet("about"), ["what", "value"], pairs, formats)
    return out.getvalue()


def _cells(rows: pa.Table) -> list[tuple[Any, ...]]:
    columns = [column.to_pylist() for column in rows.columns]
    return list(zip(*columns, strict=True))


def _csv(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([neutralise(value) for value in row])
    return (BOM + out.getvalue()).encode("utf-8")


def _fill(
    page: Any, head: Sequence[str], rows: Sequence[Sequence[Any]], formats: Any
) -> None:
    """Write a page cell by cell, each as what it is: text is never parsed."""
    for column, name in enumerate(head):
        page.write_string(0, column, name, formats["head"])
    for at, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                style = formats["quoted"] if value.startswith(DANGEROUS) else None
                page.write_string(at, column, value[:MAX_CELL], style)
            elif isinstance(value, date):
                page.write_datetime(at, column, value, formats["day"])
            elif value is not None:
                page.write_number(at, column, value)
    page.freeze_panes(1, 0)
