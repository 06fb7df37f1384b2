"""Judge what would be served on real logs: ``make bench-quality``.

``CELLS=essec make bench-quality`` judges the cells of one log, and
``CELLS=essec_2015-01-01_365`` one cell. What was measured with this code before is read
from the folder of results. Holdouts judge; nothing is ever chosen by them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from features.purchases.labels import build_labels
from regulars.quiet import hush_third_parties
from tests.bench.figures import Section, write_section
from tests.bench.logs import LOGS, opened
from tests.bench.looks import serve_from
from tests.bench.quality.cells import Cell, choose_cells
from tests.bench.quality.judge import Record, judge_served
from tests.bench.quality.methods import read_days, score_all
from tests.bench.quality.report import report
from tests.bench.quality.results import Results, hash_code


def main(words: list[str]) -> int:
    """Measure the cells, print the tables; 1 where no log is on this machine.

    Only figures of all cells of all logs go into ``docs/figures.md``.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", nargs="*", help="keys of logs or cells; none for all")
    parser.add_argument("--results", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(words)
    hush_third_parties()
    chosen = choose_cells(options.cells)
    for real in LOGS:
        if not real.path.exists():
            sys.stderr.write(f"{real.path} is not on this machine: left out.\n")
    results = Results(options.results, hash_code())
    records = [
        record
        for cells in chosen.values()
        for cell in cells
        for record in look_up(cell, results)
    ]
    if not records:
        sys.stderr.write("No cell is to be judged: the keys name none.\n")
        return 1
    tables = report(records)
    sys.stdout.write(tables)
    if not options.cells and len(chosen) == len(LOGS):
        write_section(Section("quality", "make bench-quality", tables))
    return 0


def look_up(cell: Cell, results: Results) -> Iterator[Record]:
    """Yield the figures of a cell, measured where they were not yet."""
    record = results.read(cell)
    if record is None:
        record = measure(cell)
        results.write(cell, record)
    sys.stderr.write(
        f"{cell.key}, {record['basis']}: AUC {record['auc']:.4f}, Gini "
        f"{record['gini']:.4f}, ECE {record['ece']:.4f}, total "
        f"{record['total_miss']:+.1%}, {record['seconds']:.0f} s\n"
    )
    yield record


def measure(cell: Cell) -> Record:
    """Train as of the cell's instant, and judge on what came after."""
    real = next(real for real in LOGS if real.key == cell.log)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with opened(real, folder) as log:
            served = serve_from(
                log,
                as_of=cell.as_of,
                horizon=cell.horizon,
                folder=folder / "bundle",
            )
            truth = build_labels(log, [(cell.as_of, cell.horizon)]).to_pandas()
            days = read_days(log)
    customers, scores = score_all(days, as_of=cell.as_of, horizon=cell.horizon)
    truth = truth.set_index("customer_id").loc[served.customers]
    if not customers.equals(served.customers):
        raise ValueError(
            f"{cell.key}: {len(customers)} customers bought before, and "
            f"{len(served.customers)} are served; both need to be the same ones."
        )
    if not np.isfinite(served.p_buy).all():
        raise ValueError(
            f"{cell.key}: nothing is foretold ({served.basis}); a cell needs the least "
            "that a model is trained on before it."
        )
    return judge_served(cell, served, truth, scores=scores)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
