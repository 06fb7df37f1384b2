"""Small runs to be graded, one or several on end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import settings

from models.tiers import Scheme, Standings, grade
from models.tiers.grade import Graded

AS_OF = datetime(2011, 12, 10, tzinfo=UTC)
SIZE = Scheme("size", "thresholds", ("A", "B", "C"), quantity="x", limits=(100.0, 50.0))
quick = settings(max_examples=60, deadline=None)


def facts(x: list[float | None], **more: list[Any]) -> pa.Table:
    ids = [f"c{number}" for number in range(len(x))]
    return pa.table({"customer_id": ids, "x": pa.array(x, pa.float64()), **more})


def classes(graded: Graded, name: str = "size") -> list[str]:
    found: list[str] = graded.facts[f"tier_{name}"].to_pylist()
    return found


def standings(graded: Graded) -> Standings:
    """Return where customers stand, as the store gives it to the next run."""
    names = [n for n in graded.facts.column_names if n.startswith("tier_")]
    table = graded.facts.select(["customer_id", *names])
    return Standings(table.append_column("moves", pa.array(graded.moves, pa.string())))


def walk(
    scheme: Scheme, days: list[list[float | None]], step: int = 10
) -> list[Graded]:
    """Grade one run after the other, ``step`` days apart."""
    runs: list[Graded] = []
    for number, x in enumerate(days):
        before = standings(runs[-1]) if runs else None
        at = AS_OF + timedelta(days=step * number)
        runs.append(grade(facts(x), [scheme], as_of=at, before=before))
    return runs
