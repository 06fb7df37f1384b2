"""Features at scale: against pandas, a query written by hand, and themselves."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from features.door.log_files import Log, LogSource, TableSource, read_log
from features.purchases.build import build_features
from features.purchases.frame import to_frame
from features.purchases.plan import (
    FeaturePlan,
    plan_features,
)
from features.purchases.render import SQL_FOLDER
from tests.bench.by_pandas import build_by_pandas
from tests.bench.clock import in_turn
from tests.bench.generate import LogShape, generate
from tests.bench.lines import line_rows
from tests.bench.pandas_grains import Tables
from tests.bench.rows import Row
from tests.features.sqllog import plan_of_files

AS_OF = datetime(2025, 10, 1, tzinfo=UTC)
HORIZON = timedelta(days=90)
BY_HAND = Path(__file__).parent / "by_hand"
MOST_IN_PANDAS = 10_000_000
MOST_OF_TWELVE = 1_000_000


@contextmanager
def generated(events: int) -> Iterator[Path]:
    """Write a log into a folder that goes again."""
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name:
        generate(Path(name), LogShape(events, max(1, events // 10)))
        yield Path(name)


def source_of(folder: Path) -> LogSource:
    """Name the files of a generated log."""
    return LogSource(
        TableSource(str(folder / "transactions-*.parquet")),
        TableSource(str(folder / "interactions-*.parquet")),
        TableSource(str(folder / "customers.parquet")),
    )


def open_folder(folder: Path, *, memory_limit: str | None = None) -> Log:
    """Read a generated log through the door."""
    return read_log(source_of(folder), now=datetime.now(UTC), memory_limit=memory_limit)


def feature_rows(events: int) -> list[Row]:
    """Compare builds of one log; of many as_ofs on a smaller one."""
    with generated(events) as folder, open_folder(folder) as log:
        found = _single(log, events)
    with generated(min(events, MOST_OF_TWELVE)) as folder, open_folder(folder) as log:
        fewer = min(events, MOST_OF_TWELVE)
        return [*found, _twelve(log, fewer), *line_rows(log, fewer)]


def _single(log: Log, events: int) -> list[Row]:
    plan = plan_features(log, as_of=AS_OF, horizon=HORIZON)
    sql = by_hand_plan(log, plan).sql
    frames = Tables(
        *(log.con.sql(f"from {name}").df() for name in Tables.__dataclass_fields__)
    )
    ours, by_hand, by_pandas = in_turn(
        lambda: build_features(log, plan, as_of=[AS_OF]),
        lambda: log.con.sql(sql).to_arrow_table(),
        lambda: build_by_pandas(frames, plan, as_of=AS_OF),
    )
    seconds, table = ours
    check_equal(to_frame(table).droplevel("as_of"), by_pandas[1])
    if by_hand[1].num_rows != table.num_rows:
        raise AssertionError("another number of customers")
    spend = [pc.sum(each.column("net_spend")).as_py() for each in (table, by_hand[1])]
    if not np.isclose(spend[0], spend[1], rtol=1e-9, atol=0):
        raise AssertionError("another spend")
    what = f"features: {len(plan.names)} columns, {events:,} events"
    return [
        Row(
            what=what,
            against="pandas groupby, frames already in memory",
            ours_seconds=seconds,
            theirs_seconds=by_pandas[0],
            ratio=f"{by_pandas[0] / seconds:.1f}x faster",
            at_least="8x",
            aim="15x",
            met=by_pandas[0] / seconds >= 8,
            note="the same values within 1e-6; pandas uses one core",
        ),
        Row(
            what=what,
            against="one DuckDB query by hand: this as_of alone, doubles, no order",
            ours_seconds=seconds,
            theirs_seconds=by_hand[0],
            ratio=f"{seconds / by_hand[0]:.2f}x its time",
            at_least="1.25x",
            aim="1.0x",
            met=seconds <= 1.25 * by_hand[0],
            note="ours sums exactly, and sorts",
        ),
    ]


def by_hand_plan(log: Log, plan: FeaturePlan) -> FeaturePlan:
    """Write the query that is set against ours."""
    as_of = f"{AS_OF:%Y-%m-%d}"
    return plan_of_files(log, plan, BY_HAND, SQL_FOLDER, as_of=as_of)


def _twelve(log: Log, events: int) -> Row:
    many = [AS_OF - timedelta(days=30 * back) for back in range(12)]
    plan = plan_features(log, as_of=AS_OF, horizon=HORIZON)
    (ours, _), (theirs, _) = in_turn(
        lambda: build_features(log, plan, as_of=many),
        lambda: [build_features(log, plan, as_of=[one]) for one in many],
        times=5,  # of the first ones much goes to memory that was never in use
    )
    return Row(
        what=f"features: 12 as_of in one build, {events:,} events",
        against="12 single builds",
        ours_seconds=ours,
        theirs_seconds=theirs,
        ratio=f"{ours / theirs:.2f} of the time",
        at_least="0.4",
        aim="0.2",
        met=ours <= 0.4 * theirs,
    )


def check_equal(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Refuse a comparison of two different things."""
    if not ours.index.equals(theirs.index):
        raise AssertionError("other customers")
    wrong = [
        str(name)
        for name in ours
        if not np.allclose(
            ours[name], theirs[name], rtol=1e-6, atol=1e-6, equal_nan=True
        )
    ]
    if wrong:
        raise AssertionError(f"other values of {', '.join(wrong)}")
