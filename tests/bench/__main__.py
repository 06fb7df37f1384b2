"""``make bench``: what Regulars takes, against what a user would pick instead.

``EVENTS=1000000`` sets how many events the logs have, ``ONLY=features,growth`` which
benchmarks run; ``PLOT=FILE`` draws the growth.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

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
ASKED = ("spark",)
"""Run only where they are named: an hour, for what `make test-spark` installs."""
SIZED = ("features", "growth", "publishing", "score", "spark")
LIBRARIES = ("duckdb", "pandas", "pyarrow", "numpy", "lightgbm", "shap", "fastapi")


def machine() -> str:
    """Say on what was measured."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}."


def gather(names: list[str], events: int, plot: Path | None) -> list[Row]:
    """Run the benchmarks that are there; tell of those that are not."""
    found: list[Row] = []
    for name in names:
        module, function = BENCHES[name].split(":")
        sys.stderr.write(f"{name} ...\n")
        try:
            work = getattr(importlib.import_module(module), function)
        except (ModuleNotFoundError, AttributeError) as absent:
            sys.stderr.write(f"{name} is left out: {absent}\n")
            continue
        if name == "growth":
            found += work(events, plot)
        else:
            found += work(events) if name in SIZED else work()
    return found


def main() -> None:
    """Print one table."""
    only = os.environ.get("ONLY")
    events = int(os.environ.get("EVENTS", "10000000"))
    plot = os.environ.get("PLOT")
    usual = [name for name in BENCHES if name not in ASKED]
    names = only.split(",") if only else usual
    rows = gather(names, events, Path(plot) if plot else None)
    sys.stdout.write(f"{as_markdown(rows)}\n\n{machine()}\n")


if __name__ == "__main__":
    main()
