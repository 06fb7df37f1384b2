"""Columns of numbers become a table of plain values, or the points of a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from models.reports.chart import Point
from models.reports.report import Column, ReportTable
from models.reports.words import Text

Values = Sequence[Any] | pd.Series


def table_of(name: str, title: Text, columns: Mapping[Column, Values]) -> ReportTable:
    """Return a table of columns and their values.

    NaN, infinity and NaT are not known; numpy's numbers become Python's.
    """
    rows = zip(*(map(_plain, values) for values in columns.values()), strict=True)
    return ReportTable(name, title, tuple(columns), tuple(rows))


def bar_points(values: pd.DataFrame) -> tuple[Point, ...]:
    """Return a group of bars for each row, a series for each column; NaN has no bar."""
    return tuple(
        Point(str(group), round(float(value), 6), str(series))
        for group, row in values.iterrows()
        for series, value in row.items()
        if pd.notna(value)
    )


def heat_points(values: pd.DataFrame) -> tuple[Point, ...]:
    """Return a cell for each row and column; NaN has none."""
    return tuple(
        Point(str(column), str(line), value=round(float(value), 6))
        for line, row in values.iterrows()
        for column, value in row.items()
        if pd.notna(value)
    )


def _plain(value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and not np.isfinite(plain):
        return None
    return plain
