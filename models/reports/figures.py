"""Figures of reports as people read them."""

from __future__ import annotations

from typing import Any

from models.words.figures import write_number

UNKNOWN = "–"


def write_figure(value: Any, kind: str) -> str:
    """Write a value by its kind; amounts without their currency.

    >>> [write_figure(*pair) for pair in ((0.4251, "share"), (-0.05, "points"))]
    ['42.5 %', '-5.0']
    >>> write_figure(12345.6, "money"), write_figure(None, "count")
    ('12,346', '–')
    """
    if value is None:
        return UNKNOWN
    if kind == "text" or isinstance(value, str):
        return str(value)
    if kind == "share":
        return f"{100 * value:z.1f} %"
    if kind == "points":
        return f"{100 * value:+z.1f}"
    if kind in {"money", "count"}:
        return f"{value:z,.0f}"
    return write_number(float(value))


def write_tick(value: float, kind: str) -> str:
    """Write a figure beside an axis: round ones need no zero after the point.

    >>> write_tick(0.2, "share"), write_tick(0.025, "share"), write_tick(7, "count")
    ('20 %', '2.5 %', '7')
    """
    return write_figure(value, kind).replace(".0 %", " %")
