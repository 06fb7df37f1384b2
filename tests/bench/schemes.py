"""The classes of a million customers by every scheme that is shipped.

``python -m tests.bench.schemes [N]``: three runs, so that the last knows of two moves.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from time import perf_counter

import numpy as np
import pyarrow as pa

from models.rules import RuleType
from models.score.fact_types import FACT_TYPES
from models.tiers import Graded, Standings, grade, plan_tiers
from tests.bench.lists import AS_OF, MILLION, draw_run, limit_row
from tests.bench.rows import Row, as_markdown

SPEND = "net_spend_365d"


def draw_facts(n: int, *, seed: int = 1) -> pa.Table:
    """Draw all that the shipped schemes may name."""
    rng = np.random.default_rng(seed)
    scores, _, facts = draw_run(n)
    drawn = {
        RuleType.NUMBER: lambda: pa.array(rng.gamma(1, 100, n)),
        RuleType.TEXT: lambda: pa.array(np.array(["a", "b"])[rng.integers(0, 2, n)]),
        RuleType.BOOLEAN: lambda: pa.array(rng.random(n) < 0.1),
    }
    for name, kind in FACT_TYPES.items():
        if name in facts.column_names:
            continue
        held = name in scores.column_names and scores[name].null_count < n
        if held or kind in drawn:
            values = scores[name] if held else drawn[kind]()
            facts = facts.append_column(name, values)
    groups = np.array([f"g{number}" for number in range(300)])
    return (
        facts.append_column("strategic", pa.array(rng.random(n) < 0.01))
        .append_column("seats", pa.array(rng.integers(0, 40, n) * 1.0))
        .append_column("customer_group", pa.array(groups[rng.integers(0, 300, n)]))
    )


def schemes_rows(n: int) -> list[Row]:
    """Time three runs, each with the spend of all customers moved."""
    rng = np.random.default_rng(2)
    facts, plan = draw_facts(n), plan_tiers()
    before: Standings | None = None
    rows = []
    for number in range(3):
        began = perf_counter()
        graded = grade(
            facts, plan.schemes, as_of=AS_OF + timedelta(30 * number), before=before
        )
        seconds = perf_counter() - began
        told = sum(each is not None for each in graded.moves)
        what = f"{len(plan.schemes)} tier schemes, {n:,} customers, run {number + 1}"
        rows.append(limit_row(what, seconds, 30, note=f"{told:,} have moved"))
        before = _standings(graded)
        place = facts.column_names.index(SPEND)
        spend = facts[SPEND].to_numpy() * np.exp(rng.normal(0, 0.3, n))
        facts = facts.set_column(place, SPEND, pa.array(spend))
    return rows


def _standings(graded: Graded) -> Standings:
    names = [name for name in graded.facts.column_names if name.startswith("tier_")]
    kept = graded.facts.select(["customer_id", *sorted({*names} - {"tier_reason"})])
    return Standings(kept.append_column("moves", pa.array(graded.moves, pa.string())))


if __name__ == "__main__":
    given = sys.argv[1:]
    count = int(given[0]) if given else MILLION
    sys.stdout.write(as_markdown(schemes_rows(count)) + "\n")
