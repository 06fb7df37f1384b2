"""How good the served models are on real logs: ``make bench-quality``.

Each log is trained as of its instant, three times with other seeds, and judged on what
came after. What is judged is what would be served: the gate has had its say.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from regulars.quiet import hush_third_parties
from tests.bench.figures import Section, write_section
from tests.bench.logs import LOGS, RealLog, opened
from tests.bench.looks import Look, look_at
from tests.bench.tables import auc, ece, gini, report, total_error

SEEDS = (0, 1, 2)


def main(names: Sequence[str]) -> int:
    """Measure the logs named, all by default; 1 where none is on this machine.

    Only figures of all logs go into ``docs/figures.md``.
    """
    hush_third_parties()
    found: dict[str, list[Look]] = {}
    for real in LOGS:
        if names and real.name not in names:
            continue
        if not real.path.exists():
            sys.stderr.write(f"{real.path} is not on this machine: left out.\n")
            continue
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            with opened(real, folder) as log:
                found[real.name] = [
                    tell(real, seed, look_at(log, real, seed=seed, folder=bundle))
                    for seed in SEEDS
                    for bundle in (folder / f"bundle-{seed}",)
                ]
    tables = report(found)
    sys.stdout.write(tables)
    if len(found) == len(LOGS):
        write_section(Section("quality", "make bench-quality", tables))
    return 0 if found else 1


def tell(real: RealLog, seed: int, look: Look) -> Look:
    """Say on stderr what one seed gave."""
    figures = {"auc": auc(look), "gini": gini(look), "ece": ece(look)}
    figures |= {"total": total_error(look), **look.coverage, "s": look.seconds}
    written = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
    sys.stderr.write(f"{real.name}, seed {seed}, {look.basis}: {written}\n")
    return look


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
