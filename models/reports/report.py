"""What a report is made of: tables and charts, with their words in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter

from models.reports.chart import Chart
from models.reports.words import Text

Kind = Literal["text", "count", "number", "money", "share", "points"]
"""How a column's figures are written. ``share`` is of 1, ``points`` a difference of
shares."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a report's table."""

    name: str
    title: Text
    kind: Kind = "number"


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table of a report.

    Parameters
    ----------
    name : str
    title : Text
    columns : tuple of Column
    rows : tuple of tuple
        Plain values, None for what is not known, in the order of the columns.
    """

    name: str
    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One report of one run.

    Parameters
    ----------
    name : str
    title : Text
    currency : str or None
        Of every amount in it.
    findings : tuple of Text
        What it says, in sentences.
    needs : tuple of Text
        What the log lacks for the rest of it, or for all of it.
    tables : tuple of ReportTable
    charts : tuple of Chart
    """

    name: str
    title: Text
    currency: str | None = None
    findings: tuple[Text, ...] = ()
    needs: tuple[Text, ...] = ()
    tables: tuple[ReportTable, ...] = ()
    charts: tuple[Chart, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, as the store keeps them."""
        return asdict(self)

    def to_answer(self) -> dict[str, Any]:
        """Return what users get: rows by name, charts as Vega-Lite."""
        values = self.to_dict()
        tables = [
            _by_name(table, values["tables"][i]) for i, table in enumerate(self.tables)
        ]
        charts = [
            {"name": chart.name, "title": asdict(chart.title), "spec": chart.to_vega()}
            for chart in self.charts
        ]
        return {**values, "tables": tables, "charts": charts}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Report:
        """Restore what ``to_dict`` gave."""
        return _validator().validate_python(values)


@cache
def _validator() -> TypeAdapter[Report]:
    return TypeAdapter(Report)


def _by_name(table: ReportTable, values: dict[str, Any]) -> dict[str, Any]:
    names = [column.name for column in table.columns]
    return {
        **values,
        "rows": [dict(zip(names, row, strict=True)) for row in table.rows],
    }
