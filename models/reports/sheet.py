"""A report's tables as CSV, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import Any

from models.reports.report import Report

BOM = "\ufeff"
"""Tells Excel that what follows is UTF-8."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet may take for a formula where a text begins with it."""


def write_csv(report: Report) -> str:
    """Return the tables one below the other, each under its title.

    Titles are in both languages, figures plain, what is not known is empty. Texts that
    a spreadsheet could take for a formula begin with an apostrophe.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([str(report.title), report.currency or ""])
    for text in (*report.findings, *report.needs):
        writer.writerow([_safe(str(text))])
    for table in report.tables:
        writer.writerow([])
        writer.writerow([_safe(str(table.title))])
        writer.writerow([_safe(str(column.title)) for column in table.columns])
        writer.writerows([_safe(value) for value in row] for row in table.rows)
    return BOM + out.getvalue()


def _safe(value: Any) -> Any:
    """Return a value that is no formula.

    >>> _safe("=1+1"), _safe(-1.5), _safe(None)
    ("'=1+1", -1.5, '')
    """
    if value is None:
        return ""
    is_formula = isinstance(value, str) and value.startswith(FORMULA)
    return f"'{value}" if is_formula else value
