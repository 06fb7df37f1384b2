"""What a benchmark says of one comparison, and the table of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison, both sides timed in one run.

    A module of ``tests/bench`` that measures something offers a function that returns
    rows; ``python -m tests.bench`` gathers them into one table.

    Parameters
    ----------
    what : str
        What of ours was timed, with its size.
    against : str
        What a user would pick in place of it.
    ours_seconds : float or None
        Ours; None where the figure is no time.
    theirs_seconds : float or None
        Theirs; None where the other side is a limit and no run.
    ratio : str
        What is judged, as it is to be read: ``"12.3x faster"``, ``"1.05x its time"``.
    at_least : str
        What is asked at least.
    aim : str
        What is aimed at.
    met : bool or None
        Whether ``at_least`` is met; None where this size cannot say.
    note : str
        What a reader needs to know besides: sizes, memory, what was left out.
    """

    what: str
    against: str
    ours_seconds: float | None
    theirs_seconds: float | None
    ratio: str
    at_least: str
    aim: str
    met: bool | None = None
    note: str = ""


HEADERS = ("what", "against", "ours", "theirs", "ratio", "at least", "aim", "met", "")


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the rows as one Markdown table."""
    cells = [HEADERS, tuple("---" for _ in HEADERS), *map(_cells, rows)]
    return "\n".join("| " + " | ".join(each) + " |" for each in cells)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.what,
        row.against,
        _seconds(row.ours_seconds),
        _seconds(row.theirs_seconds),
        row.ratio,
        row.at_least,
        row.aim,
        {True: "yes", False: "no", None: ""}[row.met],
        row.note,
    )


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    if value < 0.1:
        return f"{value * 1000:.3g} ms"
    return f"{value:.3g} s" if value < 1000 else f"{value:,.0f} s"
