"""A chart, and the same as a Vega-Lite specification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from models.reports.words import Text

ChartKind = Literal["line", "bars", "heat"]

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
COLOURS = ("#1f5fa8", "#e08a1e", "#3c9a6a", "#9aa5b1")
PALE, DEEP = "#eef3f9", "#1f5fa8"
FORMATS = {"share": ".0%", "money": ",.0f", "count": ",.0f", "number": ",.1f"}


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows; ``kind`` is how its figures are written."""

    title: Text
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a chart.

    Parameters
    ----------
    x, y : float or str
        Of a heat map both are categories.
    series : str
        The line or the colour of bars that it belongs to; of a heat map, nothing.
    value : float or None
        Of a heat map's field.
    """

    x: float | int | str
    y: float | int | str
    series: str = ""
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines, grouped bars or a heat map.

    Parameters
    ----------
    name : str
    kind : {"line", "bars", "heat"}
    title : Text
    x, y : Axis
    points : tuple of Point
        Categories and series are drawn in the order of their first point.
    """

    name: str
    kind: ChartKind
    title: Text
    x: Axis
    y: Axis
    points: tuple[Point, ...]

    def to_vega(self) -> dict[str, Any]:
        """Return the chart as a Vega-Lite 5 specification with its data."""
        title = {"text": self.title.en, "subtitle": self.title.zh, "anchor": "start"}
        head = {"$schema": SCHEMA, "title": title, "width": 560, "height": 300}
        body = {"line": _line, "bars": _bars, "heat": _heat}[self.kind](self)
        return {**head, "data": {"values": self._values()}, **body}

    def _values(self) -> list[dict[str, Any]]:
        if self.kind == "heat":
            return [{"x": p.x, "y": p.y, "value": p.value} for p in self.points]
        return [{"x": p.x, "y": p.y, "series": p.series} for p in self.points]


def _line(chart: Chart) -> dict[str, Any]:
    encoding = {"x": _figure(chart.x, "x"), "y": _figure(chart.y, "y")}
    return {"mark": "line", "encoding": {**encoding, "color": _colour(chart)}}


def _bars(chart: Chart) -> dict[str, Any]:
    offset = {"field": "series", "sort": None}
    return {
        "mark": {"type": "bar", "tooltip": True},
        "encoding": {
            "x": _category(chart.x, "x"),
            "xOffset": offset,
            "y": _figure(chart.y, "y"),
            "color": _colour(chart),
        },
    }


def _heat(chart: Chart) -> dict[str, Any]:
    value = {"field": "value", "type": "quantitative"}
    scale = {"range": [PALE, DEEP], "domain": [0, 1]}
    dark = {"condition": {"test": "datum.value > 0.55", "value": "white"}}
    return {
        "encoding": {"x": _category(chart.x, "x"), "y": _category(chart.y, "y")},
        "layer": [
            {
                "mark": "rect",
                "encoding": {"color": {**value, "scale": scale, "legend": None}},
            },
            {
                "mark": "text",
                "encoding": {
                    "text": {**value, "format": FORMATS["share"]},
                    "color": {**dark, "value": "#1c2733"},
                },
            },
        ],
    }


def _figure(axis: Axis, field: str) -> dict[str, Any]:
    shown = {"format": FORMATS.get(axis.kind, ""), "grid": field == "y"}
    return {
        "field": field,
        "type": "quantitative",
        "title": str(axis.title),
        "axis": shown,
    }


def _category(axis: Axis, field: str) -> dict[str, Any]:
    return {"field": field, "type": "nominal", "sort": None, "title": str(axis.title)}


def _colour(chart: Chart) -> dict[str, Any]:
    series = list(dict.fromkeys(point.series for point in chart.points))
    scale = {"domain": series, "range": list(COLOURS[: len(series)])}
    return {"field": "series", "type": "nominal", "title": None, "scale": scale}
