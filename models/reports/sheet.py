"""A report's tables as CSV, for a spreadsheet."""

from __future__ import annotations

import csv
import io

from models.reports.report import Report
from models.words.cells import BOM, neutralise


def write_csv(report: Report) -> str:
    """Return the tables one below the other, each under its title.

    Titles are in both languages, figures plain, what is not known is empty. Texts that
    a spreadsheet could take for a formula begin with an apostrophe.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([str(report.title), report.currency or ""])
    for text in (*report.findings, *report.needs):
        writer.writerow([neutralise(str(text))])
    for table in report.tables:
        writer.writerow([])
        writer.writerow([neutralise(str(table.title))])
        writer.writerow([neutralise(str(column.title)) for column in table.columns])
        writer.writerows([neutralise(value) for value in row] for row in table.rows)
    return BOM + out.getvalue()
