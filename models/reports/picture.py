"""A chart as shapes with places, for a page to draw as SVG without any script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10

from models.reports.chart import COLOURS, DEEP, PALE, Chart, Point
from models.reports.figures import write_figure, write_tick
from models.reports.words import Text

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 760, 76, 20, 34, 62
HEIGHT = 380
LETTER, WIDE_LETTER = 6.4, 12.0
ROW_HEIGHT, MIN_CELL, MAX_CELL = 30, 40, 90


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle, a line through points, or a text.

    Parameters
    ----------
    kind : {"rect", "line", "text"}
    x, y : float
        From the upper left corner; of a text where it is anchored.
    width, height : float
        Of a rectangle.
    colour : str
    points : str
        Of a line, as SVG takes them.
    text, anchor : str
    css : str
        The class that styles it.
    """

    kind: str
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    colour: str = ""
    points: str = ""
    text: str = ""
    anchor: str = "middle"
    css: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn chart."""

    width: float
    height: float
    title: Text
    shapes: tuple[Shape, ...] = field(default=())


def draw(chart: Chart) -> Picture:
    """Draw a chart."""
    if chart.kind == "heat":
        return _draw_heat(chart)
    draw_body = _draw_line if chart.kind == "line" else _draw_bars
    shapes = (*_draw_legend(chart), *draw_body(chart))
    return Picture(WIDTH, HEIGHT, chart.title, shapes)


def ticks(low: float, high: float, n: int = 5) -> list[float]:
    """Return round numbers that span a range.

    >>> ticks(0, 0.93), ticks(-3, 41)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [-10.0, 0.0, 10.0, 20.0, 30.0, 40.0, 50.0])
    """
    span = (high - low) or 1.0
    power = 10.0 ** floor(log10(span / n))
    step = next(m * power for m in (1, 2, 5, 10) if span / (m * power) <= n + 0.5)
    first, last = floor(low / step + 1e-9), ceil(high / step - 0.05)
    return [round(i * step, 10) for i in range(first, last + 1)]


def _series(chart: Chart) -> list[str]:
    return list(dict.fromkeys(point.series for point in chart.points))


def _categories(values: Sequence[float | str]) -> list[str]:
    return list(dict.fromkeys(str(value) for value in values))


def _length(text: str) -> float:
    """Estimate how long a text is drawn."""
    return sum(LETTER if ord(letter) < 0x2E80 else WIDE_LETTER for letter in text)


def _draw_legend(chart: Chart) -> Iterator[Shape]:
    series = _series(chart)
    if len(series) < 2:
        return
    x = float(LEFT)
    for name, colour in zip(series, COLOURS, strict=False):
        yield Shape("rect", x=x, y=8, width=12, height=12, colour=colour)
        yield Shape("text", x=x + 18, y=18, text=name, anchor="start")
        x += 40 + _length(name)


def _draw_frame(chart: Chart, scale: list[float]) -> Iterator[Shape]:
    """Draw the lines across, their figures and the names of both axes."""
    for value in scale:
        y = _height(value, scale)
        path = f"{LEFT},{y:.1f} {WIDTH - RIGHT},{y:.1f}"
        yield Shape("line", points=path, css="zero" if value == 0 else "grid")
        label = write_tick(value, chart.y.kind)
        yield Shape("text", x=LEFT - 8, y=y + 4, text=label, anchor="end")
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield Shape("text", x=middle, y=HEIGHT - 12, text=str(chart.x.title), css="axis")


def _height(value: float, scale: list[float]) -> float:
    share = (value - scale[0]) / (scale[-1] - scale[0])
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)


def _draw_line(chart: Chart) -> Iterator[Shape]:
    ys, xs = (
        [float(point.y) for point in chart.points],
        [float(point.x) for point in chart.points],
    )
    scale = ticks(min(0.0, *ys), max(ys))
    along = ticks(min(xs), max(xs), 10)
    yield from _draw_frame(chart, scale)

    def place(x: float) -> float:
        share = (x - along[0]) / (along[-1] - along[0])
        return LEFT + share * (WIDTH - RIGHT - LEFT)

    for x in along:
        label = write_tick(x, chart.x.kind)
        yield Shape("text", x=place(x), y=HEIGHT - BOTTOM + 18, text=label)
    for name, colour in zip(_series(chart), COLOURS, strict=False):
        path = " ".join(
            f"{place(float(p.x)):.1f},{_height(float(p.y), scale):.1f}"
            for p in chart.points
            if p.series == name
        )
        yield Shape("line", points=path, colour=colour, css="curve")


def _draw_bars(chart: Chart) -> Iterator[Shape]:
    series = _series(chart)
    names = _categories([point.x for point in chart.points])
    ys = [float(point.y) for point in chart.points]
    scale = ticks(min(0.0, *ys), max(0.0, *ys))
    yield from _draw_frame(chart, scale)
    room = (WIDTH - RIGHT - LEFT) / len(names)
    bar = min(room * 0.8 / len(series), 60)
    for place, name in enumerate(names):
        middle = LEFT + room * (place + 0.5)
        yield Shape("text", x=middle, y=HEIGHT - BOTTOM + 18, text=name)
        for point in chart.points:
            if str(point.x) == name:
                i = series.index(point.series)
                x = middle + (i - len(series) / 2) * bar
                yield from _draw_bar(chart, point, x=x, width=bar, scale=scale)


def _draw_bar(
    chart: Chart, point: Point, *, x: float, width: float, scale: list[float]
) -> Iterator[Shape]:
    value = float(point.y)
    top = _height(max(value, 0.0), scale)
    low = _height(min(value, 0.0), scale)
    colour = COLOURS[_series(chart).index(point.series) % len(COLOURS)]
    yield Shape(
        "rect", x=x + 1, y=top, width=width - 2, height=low - top, colour=colour
    )
    label = write_figure(value, chart.y.kind)
    if _length(label) <= width + 8:
        y = top - 4 if value >= 0 else low + 13
        yield Shape("text", x=x + width / 2, y=y, text=label, css="small")


def _draw_heat(chart: Chart) -> Picture:
    columns = _categories([point.x for point in chart.points])
    rows = _categories([point.y for point in chart.points])
    margin = 24 + max(_length(name) for name in rows)
    cell = (WIDTH - RIGHT - margin) / len(columns)
    cell = max(MIN_CELL, min(cell, MAX_CELL))
    shapes = list(_draw_cells(chart, columns, rows, margin=margin, cell=cell))
    top = 30.0
    for place, name in enumerate(columns):
        x = margin + cell * (place + 0.5)
        shapes.append(Shape("text", x=x, y=top - 8, text=name))
    for place, name in enumerate(rows):
        y = top + ROW_HEIGHT * (place + 0.5) + 4
        shapes.append(Shape("text", x=margin - 8, y=y, text=name, anchor="end"))
    bottom = top + ROW_HEIGHT * len(rows)
    names = f"{chart.y.title} ↓   {chart.x.title} →"
    shapes.append(Shape("text", x=margin, y=bottom + 24, text=names, anchor="start"))
    width = max(margin + cell * len(columns), margin + _length(names)) + RIGHT
    return Picture(width, bottom + 36, chart.title, tuple(shapes))


def _draw_cells(
    chart: Chart, columns: list[str], rows: list[str], *, margin: float, cell: float
) -> Iterator[Shape]:
    for point in chart.points:
        value = point.value or 0.0
        x = margin + cell * columns.index(str(point.x))
        y = 30.0 + ROW_HEIGHT * rows.index(str(point.y))
        colour = _blend(min(max(value, 0.0), 1.0))
        yield Shape(
            "rect",
            x=x + 1,
            y=y + 1,
            width=cell - 2,
            height=ROW_HEIGHT - 2,
            colour=colour,
        )
        css = "light" if value > 0.55 else "dark"
        label = write_figure(value, "share")
        yield Shape(
            "text", x=x + cell / 2, y=y + ROW_HEIGHT / 2 + 4, text=label, css=css
        )


def _blend(share: float) -> str:
    """Mix the pale and the deep colour."""
    ends = [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (PALE, DEEP)]
    mixed = (round(a + (b - a) * share) for a, b in zip(*ends, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)
