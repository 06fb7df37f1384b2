"""The tables of ``make bench-quality``, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tests.bench.logs import LOGS, Marks, RealLog
from tests.bench.quality.cells import main_cell
from tests.bench.quality.judge import LIKELIER, Record
from tests.bench.quality.methods import METHODS
from tests.bench.quality.verdict import (
    FIGURES,
    Records,
    band_groups,
    better_methods,
    by_log,
    is_behind,
    mean_ahead,
    name_of,
    tenth_ratios,
    verdict,
)

WORDS = {"auc": "AUC", "gini": "Gini"}

INTRODUCTIONS = (
    "What is asked of quality, and what is reached over all cells.",
    'AUC is that of "buys again", Gini the normalised Gini of spend, each with the '
    'standard error of a bootstrap by customer. "At least" and "aim" are what we ask '
    'of ourselves, "best simple" is what simple methods are known to reach.',
    "How far the simple methods are behind, the mean over the cells of a log: AUC / "
    "Gini, each with its standard error, of a bootstrap that draws the same customers "
    "for both. Bold is a method that is better by more than one. Of the ways to use a "
    "method the better one counts.",
    "Each cell: what is served, and how true it is. The level is missed in log-odds; "
    "the width of the bands is the mean over the mean spend.",
    "Expected over actual money in each tenth by expected value, highest first, the "
    "median over the cells of a log; in brackets where the tenth holds less than 5 % "
    "of the money.",
    "90 % bands: the share of customers whose value lies in theirs, the median over "
    f"the cells of a log. Of tiers and stages, customers with {LIKELIER} count.",
    "How far each simple method is behind in AUC, cell by cell.",
    "The same in Gini.",
)
"""What is said before each table."""


def report(records: Records) -> str:
    """Write all tables."""
    methods = [name for name in METHODS if name in records[0]["methods"]]
    tables = (
        verdict_table(records),
        bars_table(records),
        logs_table(records, methods),
        cells_table(records),
        tenths_table(records),
        bands_table(records),
        *(ahead_table(records, methods, figure) for figure in FIGURES),
    )
    texts = [text for pair in zip(INTRODUCTIONS, tables, strict=True) for text in pair]
    return "\n\n".join(texts) + "\n"


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def verdict_table(records: Records) -> str:
    """Say what is asked and reached."""
    answers = {True: "met", False: "not met", None: "-"}
    rows = [
        [line.asked, line.reached, answers[line.is_met]] for line in verdict(records)
    ]
    return markdown(["asked", "reached", ""], rows)


def bars_table(records: Records) -> str:
    """Say how the cell that has bars does on each log."""
    heads = ["log, as_of, horizon", "customers", "AUC", "Gini"]
    heads += ["best simple", "at least", "aim", "reached"]
    return markdown(heads, bars_rows(records))


def bars_rows(records: Records) -> Iterator[list[str]]:
    """Yield the rows of ``bars_table``."""
    cells = {name_of(record): record for record in records}
    for real in LOGS:
        record = cells.get(main_cell(real).key)
        if record is not None:
            yield [
                real.question,
                f"{record['n']:,}",
                *(
                    with_error(record[figure], record[f"{figure}_se"])
                    for figure in FIGURES
                ),
                *map(pair, (real.simple, real.least, real.aim)),
                reached(record, real),
            ]


def reached(record: Record, real: RealLog) -> str:
    """Say which row of the aim AUC and Gini come to."""
    words = []
    for figure in FIGURES:
        if record[figure] >= getattr(real.aim, figure):
            words.append("aim")
        elif record[figure] >= getattr(real.least, figure):
            words.append("at least")
        else:
            words.append("falls short")
    return " / ".join(words)


def pair(marks: Marks) -> str:
    """Write an AUC and a Gini."""
    return f"{marks.auc:.3f} / {marks.gini:.3f}"


def logs_table(records: Records, methods: Sequence[str]) -> str:
    """Say how far each method is behind on each log."""
    rows = [
        [
            f"{log}, cells: {len(cells)}",
            *(
                " / ".join(
                    ahead(*mean_ahead(cells, method, figure)) for figure in FIGURES
                )
                for method in methods
            ),
        ]
        for log, cells in by_log(records)
    ]
    return markdown(["Regulars ahead of", *methods], rows)


def ahead(difference: float, error: float) -> str:
    """Write a difference and its standard error, bold where we are behind."""
    text = f"{difference:+.4f} ({error:.4f})"
    return f"**{text}**" if is_behind(difference, error) else text


def with_error(figure: float, error: float) -> str:
    """Write a figure and its standard error."""
    return f"{figure:.4f} ({error:.4f})"


def cells_table(records: Records) -> str:
    """Say what is served in each cell, and how true it is."""
    heads = ["cell", "customers", "buy", "served", "AUC", "Gini", "ECE"]
    heads += ["ECE at the right level", "level", "level's spread", "total"]
    heads += ["total's 90 %", f"bands: all, {LIKELIER}, top tenth", "width"]
    heads += ["better by more than noise", "to train"]
    return markdown(heads, map(cell_row, records))


def cell_row(record: Record) -> list[str]:
    """Write the row of a cell in ``cells_table``."""
    words = {True: "holds", False: "misses", None: "-"}
    bands = record["bands"]
    groups = ("all", LIKELIER, "top tenth")
    return [
        name_of(record),
        f"{record['n']:,}",
        f"{record['share_buys']:.0%}",
        record["basis"],
        *(with_error(record[figure], record[f"{figure}_se"]) for figure in FIGURES),
        f"{record['ece']:.4f}",
        f"{record['ece_at_level']:.4f}",
        f"{record['level_miss']:+.2f}",
        words[record["level_held"]],
        f"{record['total_miss']:+.1%}",
        f"±{record['total_width'] / 2:.0%}, {words[record['total_held']]}",
        ", ".join(f"{bands[name]['held']:.1%}" for name in groups if name in bands),
        f"{record['width']:.2f}",
        ", ".join(better_methods(record)) or "none",
        f"{record['seconds']:.0f} s",
    ]


def tenths_table(records: Records) -> str:
    """Say how much of what was expected came, tenth by tenth."""
    rows = []
    for log, cells in by_log(records):
        ratios = [
            f"{ratio:.2f}" if share >= 0.05 else f"({ratio:.2f})"
            for share, ratio in tenth_ratios(cells)
        ]
        rows.append([log, *ratios, *["-"] * (10 - len(ratios))])
    return markdown(["log", *map(str, range(1, 11))], rows)


def bands_table(records: Records) -> str:
    """Say how many of each group the bands hold."""
    groups = ["all", *band_groups(records)]
    rows = []
    for log, cells in by_log(records):
        row = [log]
        for group in groups:
            shares = [c["bands"][group]["held"] for c in cells if group in c["bands"]]
            row.append(f"{np.median(shares):.1%}" if shares else "-")
        rows.append(row)
    return markdown(["log", *groups], rows)


def ahead_table(records: Records, methods: Sequence[str], figure: str) -> str:
    """Say how far each method is behind, cell by cell."""
    rows = [
        [
            name_of(record),
            *(
                ahead(look["ahead"], look["se"])
                for method in methods
                for look in (record["methods"][method][figure],)
            ),
        ]
        for record in records
    ]
    return markdown([f"{WORDS[figure]} ahead of", *methods], rows)
