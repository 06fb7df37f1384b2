"""Tests of charts: as Vega-Lite, as pictures, and of what is stored of a report."""

from __future__ import annotations

import json

import pytest

from models.reports.chart import Axis, Chart, Point
from models.reports.picture import HEIGHT, WIDTH, draw
from models.reports.report import Column, Report, ReportTable
from models.reports.sheet import write_csv
from models.reports.words import Text

SOME = Text("Some", "一些")
BARS = Chart(
    "bars",
    "bars",
    SOME,
    Axis(SOME),
    Axis(SOME, "share"),
    (Point("A", 0.5, "x"), Point("A", -0.2, "y"), Point("B", 0.1, "x")),
)
HEAT = Chart(
    "heat", "heat", SOME, Axis(SOME), Axis(SOME), (Point("A", "B", value=0.6),)
)
LINE = Chart(
    "line", "line", SOME, Axis(SOME, "share"), Axis(SOME), (Point(0, 0), Point(1, 7))
)
TABLE = ReportTable(
    "t",
    SOME,
    (Column("name", SOME, "text"), Column("n", SOME)),
    (("=A1", -2.5), ("b", None)),
)
REPORT = Report("r", SOME, "GBP", (SOME,), (), (TABLE,), (BARS, HEAT, LINE))


def test_a_stored_report_is_restored() -> None:
    assert Report.from_dict(json.loads(json.dumps(REPORT.to_dict()))) == REPORT


def test_an_answer_has_rows_by_name_and_vega_lite_charts() -> None:
    answer = REPORT.to_answer()
    assert answer["tables"][0]["rows"][0] == {"name": "=A1", "n": -2.5}
    specs = [chart["spec"] for chart in answer["charts"]]
    assert all(spec["$schema"].endswith("vega-lite/v5.json") for spec in specs)
    assert specs[0]["data"]["values"][1] == {"x": "A", "y": -0.2, "series": "y"}
    assert specs[0]["encoding"]["color"]["scale"]["domain"] == ["x", "y"]
    assert specs[1]["data"]["values"] == [{"x": "A", "y": "B", "value": 0.6}]
    json.dumps(answer, allow_nan=False)


@pytest.mark.parametrize("chart", [BARS, HEAT, LINE], ids=lambda chart: chart.name)
def test_nothing_is_drawn_outside_of_its_picture(chart: Chart) -> None:
    picture = draw(chart)
    assert picture.width <= WIDTH + 20
    assert picture.height <= HEIGHT
    for shape in picture.shapes:
        assert 0 <= shape.x <= shape.x + shape.width <= picture.width
        assert 0 <= shape.y <= shape.y + shape.height <= picture.height


def test_a_bar_below_zero_hangs_from_the_zero_line() -> None:
    rects = [s for s in draw(BARS).shapes if s.kind == "rect" and s.width > 20]
    up, down = rects[0], rects[1]
    assert down.y == pytest.approx(up.y + up.height)


def test_csv_is_for_excel_and_holds_no_formula() -> None:
    text = write_csv(REPORT)
    assert text.startswith("\ufeffSome 一些,GBP\r\n")
    assert "\r\n'=A1,-2.5\r\nb,\r\n" in text
