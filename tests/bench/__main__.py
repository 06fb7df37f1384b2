"""``make bench``: what Regulars takes, against what a user would pick instead.

``EVENTS=1000000`` sets how many events the logs have, ``ONLY=features,growth`` which
benchmarks run. Each prints its rows and writes them to its section of
``docs/figures.md``.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from tests.bench.figures import FIGURES, Section, is_as_large, machine, write_section
from tests.bench.rows import Row, as_markdown

BENCHES = {
    "features": "tests.bench.features:feature_rows",
    "growth": "tests.bench.growth:growth_rows",
    "explain": "tests.bench.explain:explain_rows",
    "publishing": "tests.bench.publishing:publish_rows",
    "score": "tests.bench.score:score_rows",
    "training": "tests.bench.training:training_rows",
    "lookup": "tests.bench.lookups:lookup_rows",
    "list": "tests.bench.pages:page_rows",
    "predict": "tests.bench.predicts:predict_rows",
    "spark": "tests.bench.spark:spark_rows",
}
"""Name to where its rows come from; those with a size take the number of events."""
ON_REQUEST = ("spark",)
"""Run only where they are named: an hour, on what `make test-spark` installs."""
SIZED = ("features", "growth", "publishing", "score", "spark")
PLOT = FIGURES.with_name("growth.svg")


def run_bench(name: str, events: int) -> list[Row]:
    """Run a benchmark; say so where what it needs is not installed."""
    module, function = BENCHES[name].split(":")
    sys.stderr.write(f"{name} ...\n")
    try:
        work = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as absent:
        sys.stderr.write(f"{name} is left out: {absent}\n")
        return []
    if name == "growth":
        rows: list[Row] = work(events, PLOT if draws_growth(events) else None)
    else:
        rows = work(events) if name in SIZED else work()
    return rows


def draws_growth(events: int) -> bool:
    """Tell whether the plot is of as large a log as the one in place, or larger."""
    document = FIGURES.read_text(encoding="utf-8")
    return is_as_large("growth", command_of("growth", events), document)


def command_of(name: str, events: int) -> str:
    """Return what measures a benchmark again."""
    size = f"EVENTS={events} " if name in SIZED else ""
    return f"{size}ONLY={name} make bench"


def section_of(name: str, rows: Sequence[Row], *, events: int) -> Section:
    """Return what a benchmark has to say."""
    return Section(name, command_of(name, events), as_markdown(rows))


def main() -> None:
    """Print one table, and write each benchmark's part of it where figures stand."""
    only = os.environ.get("ONLY")
    events = int(os.environ.get("EVENTS", "10000000"))
    names = only.split(",") if only else [n for n in BENCHES if n not in ON_REQUEST]
    rows: list[Row] = []
    for name in names:
        part = run_bench(name, events)
        if part:
            write_section(section_of(name, part, events=events))
        rows += part
    sys.stdout.write(f"{as_markdown(rows)}\n\n{machine()}.\n")


if __name__ == "__main__":
    main()
