"""The bars of quality, and what all cells together reach of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from tests.bench.logs import LOGS
from tests.bench.quality.cells import main_cell
from tests.bench.quality.judge import Record

FIGURES = ("auc", "gini")
BETTER_CELLS = 0.10
"""Share of the cells in which a simple method may be better by a standard error."""

LEAST_DIFFERENCE = 5e-5
"""What four digits show: two fits of one method differ by less."""

SHAPE_ECE = 0.025
LEVEL_MISS, TOTAL_MISS = 0.15, 0.12
STATED = (0.80, 0.97)
"""Share of the cells in which the stated spread holds the truth."""

BANDS = (0.86, 0.94)
TENTH_SHARE, TENTH_RATIO = 0.05, (0.8, 1.25)
SECONDS_TO_TRAIN = 120.0

Records = Sequence[Record]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is asked, and what is reached.

    Parameters
    ----------
    asked, reached : str
    is_met : bool or None
        None where it cannot be said.
    """

    asked: str
    reached: str
    is_met: bool | None


def verdict(records: Records) -> list[Line]:
    """Hold all cells to all bars."""
    return [
        bars_line(records),
        ahead_line(records),
        cells_line(records),
        shape_line(records),
        miss_line(records, "level_miss", bar=LEVEL_MISS, words="level, log-odds"),
        miss_line(records, "total_miss", bar=TOTAL_MISS, words="total, share"),
        stated_line(records, "level_held", words="level"),
        stated_line(records, "total_held", words="total"),
        *(band_line(records, group) for group in band_groups(records)),
        tenths_line(records),
        time_line(records),
    ]


def by_log(records: Records) -> Iterator[tuple[str, list[Record]]]:
    """Yield each log with its cells."""
    for log, cells in groupby(records, key=lambda record: str(record["log"])):
        yield log, list(cells)


def mean_ahead(cells: Records, method: str, figure: str) -> tuple[float, float]:
    """Return how far a method is behind on a log in the mean, and the standard error.

    Cells of one log share customers and time: their errors are not taken to cancel.
    """
    looks = [cell["methods"][method][figure] for cell in cells]
    ahead = float(np.mean([look["ahead"] for look in looks]))
    return ahead, float(np.sqrt(np.mean([look["se"] ** 2 for look in looks])))


def is_behind(ahead: float, error: float) -> bool:
    """Say whether a method is better by more than noise, and by a visible digit."""
    return ahead < -max(error, LEAST_DIFFERENCE)


def better_methods(cell: Record) -> list[str]:
    """Return the methods that are better by more than a standard error in a cell."""
    return [
        f"{method} ({figure})"
        for method, figures in cell["methods"].items()
        for figure in FIGURES
        if is_behind(figures[figure]["ahead"], figures[figure]["se"])
    ]


def bars_line(records: Records) -> Line:
    """Say on which logs AUC and Gini are at least what is asked."""
    cells = {name_of(record): record for record in records}
    barred = [real for real in LOGS if main_cell(real).key in cells]
    short = [
        f"{real.name} {figure} {reached:.4f}"
        for real in barred
        for figure in FIGURES
        for reached in (cells[main_cell(real).key][figure],)
        if reached < getattr(real.least, figure)
    ]
    words = listed(short, f"on {len(barred)} logs")
    return Line('each "at least"', words, not short if barred else None)


def ahead_line(records: Records) -> Line:
    """Say on which logs a simple method is better by more than noise."""
    better = [
        f"{log}: {method} ({figure} {ahead:+.4f}, {error:.4f})"
        for log, cells in by_log(records)
        for method in cells[0]["methods"]
        for figure in FIGURES
        for ahead, error in (mean_ahead(cells, method, figure),)
        if is_behind(ahead, error)
    ]
    words = "on no log a simple method better by more than one standard error"
    return Line(words, listed(better, "on none"), not better)


def cells_line(records: Records) -> Line:
    """Say in how many cells a simple method is better by more than noise."""
    n_better = sum(bool(better_methods(record)) for record in records)
    return Line(
        f"the same in fewer than {BETTER_CELLS:.0%} of the cells",
        f"{n_better} of {len(records)}",
        n_better < BETTER_CELLS * len(records),
    )


def shape_line(records: Records) -> Line:
    """Say how true probabilities are once their level is."""
    mean = float(np.mean([record["ece_at_level"] for record in records]))
    return Line(
        f"mean ECE at the right level at most {SHAPE_ECE}",
        f"{mean:.4f}",
        mean <= SHAPE_ECE,
    )


def miss_line(records: Records, key: str, *, bar: float, words: str) -> Line:
    """Say how far the level or the total is missed in the median."""
    miss = median(records, lambda record: abs(record[key]))
    return Line(
        f"median miss of the {words}, at most {bar}", f"{miss:.3f}", miss <= bar
    )


def stated_line(records: Records, key: str, *, words: str) -> Line:
    """Say how often a stated spread holds the truth."""
    low, high = STATED
    bar = f"the stated spread of the {words} holds {low:.0%} to {high:.0%}"
    stated = [record[key] for record in records if record[key] is not None]
    if not stated:
        return Line(bar, "-", None)
    share = float(np.mean(stated))
    return Line(bar, f"{share:.1%} of {len(stated)} cells", low <= share <= high)


def band_groups(records: Records) -> list[str]:
    """Return the groups that bands are judged in, as they come."""
    names = dict.fromkeys(name for record in records for name in record["bands"])
    return [name for name in names if name != "all"]


def band_line(records: Records, group: str) -> Line:
    """Say how many of a group the bands hold in the median."""
    low, high = BANDS
    shares = [
        record["bands"][group]["held"] for record in records if group in record["bands"]
    ]
    share = float(np.median(shares))
    return Line(
        f"90 % bands, {group}: median {low:.0%} to {high:.0%}",
        f"{share:.1%}",
        low <= share <= high,
    )


def tenth_ratios(cells: Records) -> list[tuple[float, float]]:
    """Return of each tenth, highest first, the share of money and expected / actual.

    Both are medians over cells.
    """
    n_tenths = max(len(cell["tenths"]) for cell in cells)
    columns = [
        [cell["tenths"][row] for cell in cells if row < len(cell["tenths"])]
        for row in range(n_tenths)
    ]
    return [
        (
            float(np.median([tenth["share"] for tenth in column])),
            float(np.median([t["expected"] / max(t["actual"], 1e-9) for t in column])),
        )
        for column in columns
    ]


def tenths_line(records: Records) -> Line:
    """Say in which tenths of which logs the money foretold is not what came."""
    low, high = TENTH_RATIO
    out = [
        f"{log} {place + 1}: {ratio:.2f}"
        for log, cells in by_log(records)
        for place, (share, ratio) in enumerate(tenth_ratios(cells))
        if share >= TENTH_SHARE and not low <= ratio <= high
    ]
    bar = (
        f"expected / actual {low} to {high} in tenths of {TENTH_SHARE:.0%} of the money"
    )
    return Line(f"{bar}, median over origins", listed(out, "in all"), not out)


def time_line(records: Records) -> Line:
    """Say how long a training takes at most."""
    longest = max(float(record["seconds"]) for record in records)
    return Line(
        f"training in under {SECONDS_TO_TRAIN:.0f} s",
        f"{longest:.0f} s at most",
        longest < SECONDS_TO_TRAIN,
    )


def median(records: Records, read: Callable[[Record], float]) -> float:
    """Return the median of a figure over cells."""
    return float(np.median([read(record) for record in records]))


def name_of(record: Record) -> str:
    """Return the key of the cell of a record."""
    return f"{record['log']}_{record['as_of']}_{record['horizon_days']}"


def listed(words: Sequence[str], none: str) -> str:
    """Write what fell short, or that nothing did."""
    return "; ".join(words) or none
