"""The cells that quality is judged in: a log, an instant of it and a horizon.

Some are those of earlier trials. The others come by rule from the dates of the log and
the horizon that is asked of it, so that nobody chose them by what came out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from features.purchases.readiness import MIN_HISTORY_DAYS
from tests.bench.logs import LOGS, RealLog

CELLS_PER_LOG = 8

OF_TRIALS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "online_retail_ii": (
        ("2011-06-10", 182),
        ("2011-03-11", 182),
        ("2010-12-01", 182),
        ("2011-09-09", 91),
        ("2011-01-15", 91),
    ),
    "cdnow": (
        ("1997-10-01", 273),
        ("1998-01-01", 180),
        ("1997-07-15", 180),
        ("1998-03-01", 120),
    ),
    "complete_journey": (
        ("2017-10-02", 91),
        ("2017-07-03", 91),
        ("2017-08-21", 91),
        ("2017-11-15", 45),
    ),
    "essec": (
        ("2015-01-01", 365),
        ("2013-01-01", 365),
        ("2011-01-01", 365),
        ("2014-07-01", 182),
        ("2009-01-01", 365),
        ("2014-01-01", 365),
    ),
    "ta_feng": (
        ("2001-02-01", 28),
        ("2001-01-18", 28),
        ("2001-01-04", 28),
        ("2001-02-14", 14),
    ),
    "grocery": (
        ("2007-01-01", 364),
        ("2007-07-01", 182),
        ("2006-10-01", 273),
        ("2007-04-01", 120),
        ("2006-12-01", 182),
    ),
}
"""``as_of`` and days of the cells of earlier trials, by the key of the log."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A question put to a log.

    Parameters
    ----------
    log : str
        Its key.
    as_of : datetime
    horizon_days : int
    """

    log: str
    as_of: datetime
    horizon_days: int

    @property
    def key(self) -> str:
        """The cell in one word."""
        return f"{self.log}_{self.as_of:%Y-%m-%d}_{self.horizon_days}"

    @property
    def horizon(self) -> timedelta:
        """Length of the time that is foretold."""
        return timedelta(days=self.horizon_days)

    def is_near(self, other: Cell) -> bool:
        """Say whether both ask much the same: within a tenth of the horizon."""
        allowed = self.horizon_days / 10
        apart = abs((self.as_of - other.as_of).days)
        return (
            apart <= allowed and abs(self.horizon_days - other.horizon_days) <= allowed
        )


def main_cell(real: RealLog) -> Cell:
    """Return the question that the bars of the log are set for."""
    return Cell(real.key, real.as_of, real.horizon // timedelta(days=1))


def cells_of(real: RealLog) -> tuple[Cell, ...]:
    """Return the cells of a log, the one with the bars first."""
    trials = [
        Cell(real.key, datetime.fromisoformat(day).replace(tzinfo=UTC), days)
        for day, days in OF_TRIALS[real.key]
    ]
    starts_at, ends_at = span_of(real)
    return add_by_rule(trials, starts_at=starts_at, ends_at=ends_at)


def add_by_rule(
    trials: Sequence[Cell], *, starts_at: datetime, ends_at: datetime
) -> tuple[Cell, ...]:
    """Fill up to ``CELLS_PER_LOG`` with what the dates of the log allow.

    Parameters
    ----------
    trials : sequence of Cell
        The first has the horizon that is asked of the log.
    starts_at, ends_at : datetime
        Midnights around the rows of the log.
    """
    cells = list(trials)
    longest = trials[0].horizon_days
    for days in (longest, longest // 2, longest // 4):
        for as_of in origins(starts_at, ends_at, days=days):
            cell = Cell(trials[0].log, as_of, days)
            if len(cells) < CELLS_PER_LOG and not any(map(cell.is_near, cells)):
                cells.append(cell)
    return tuple(cells)


def origins(starts_at: datetime, ends_at: datetime, *, days: int) -> Iterator[datetime]:
    """Yield instants half a horizon apart, newest first, with enough history before.

    Enough is a horizon, and the least that a model is trained on.

    Examples
    --------
    >>> first, last = datetime(2020, 1, 1), datetime(2020, 5, 1)
    >>> [f"{day:%m-%d}" for day in origins(first, last, days=20)]
    ['04-11', '04-01', '03-22', '03-12', '03-02']
    """
    step = timedelta(days=max(7, days // 2))
    as_of = ends_at - timedelta(days=days)
    while as_of - starts_at >= timedelta(days=max(days, MIN_HISTORY_DAYS)):
        yield as_of
        as_of -= step


def span_of(real: RealLog) -> tuple[datetime, datetime]:
    """Return the midnights around the rows of a log."""
    with duckdb.connect() as con:
        row = con.execute(
            "SELECT min(timestamp)::DATE::TIMESTAMP, "
            "max(timestamp)::DATE::TIMESTAMP + INTERVAL 1 DAY "
            f"FROM '{real.path}' WHERE {real.rows}"
        ).fetchone()
    assert row is not None
    return row[0].replace(tzinfo=UTC), row[1].replace(tzinfo=UTC)


def choose_cells(words: Sequence[str]) -> dict[str, tuple[Cell, ...]]:
    """Return the cells of the logs on this machine whose key starts with a word.

    Parameters
    ----------
    words : sequence of str
        Keys of logs, or of cells as far as they are written; all cells without any.
    """
    chosen = {}
    for real in (real for real in LOGS if real.path.exists()):
        cells = tuple(
            cell
            for cell in cells_of(real)
            if not words or any(cell.key.startswith(word) for word in words)
        )
        if cells:
            chosen[real.key] = cells
    return chosen
