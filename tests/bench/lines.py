"""What a line of SQL, or a comment, costs the features that are built with it."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from features.door.log_files import Log
from features.purchases.build import build_features
from features.purchases.numpy.rows import OwnRows, build_from_rows
from features.purchases.plan import FeaturePlan, plan_features
from features.purchases.render import SQL_FOLDER
from tests.bench.clock import in_turn
from tests.bench.rows import Row
from tests.features.sqllog import plan_of_files

AS_OF = datetime(2025, 10, 1, tzinfo=UTC)
HORIZON = timedelta(days=90)
MOST_TIMES = 1.2
COLUMN = "    order_sums.n_orders,\n"
LINE = "    {{ ratio('moment_sums.net', 'order_sums.n_lines') }} as net_per_line,\n"


def line_rows(log: Log, events: int) -> list[Row]:
    """Compare builds by the files as they are with those of files with a line more."""
    shipped = plan_features(log, as_of=AS_OF, horizon=HORIZON)
    longer = longer_plan(log, shipped)
    many = [AS_OF - timedelta(days=30 * back) for back in range(12)]
    own = rows_of_one(log)

    def build_one(plan: FeaturePlan) -> pa.Table:
        for _ in range(100):
            table = build_from_rows(own, plan, as_of=AS_OF, now=datetime.now(UTC))
        if table is None:
            raise AssertionError("the rows of a customer were left to the query")
        return table

    works = {
        f"12 as_of, {events:,} events": (
            lambda: build_features(log, longer, as_of=many),
            lambda: build_features(log, shipped, as_of=many),
        ),
        "a customer sent, 100 times": (
            lambda: build_one(longer),
            lambda: build_one(shipped),
        ),
    }
    rows = []
    for what, (with_line, without) in works.items():
        (ours, _), (theirs, _) = in_turn(with_line, without, times=5)
        rows.append(
            Row(
                what=f"features: a line and comments added to the SQL, {what}",
                against="the files as they are",
                ours_seconds=ours,
                theirs_seconds=theirs,
                ratio=f"{ours / theirs:.2f}x its time",
                at_least=f"{MOST_TIMES}x",
                aim="1.0x",
                met=ours <= MOST_TIMES * theirs,
            )
        )
    return rows


def longer_plan(log: Log, plan: FeaturePlan) -> FeaturePlan:
    """Return a plan of the feature files with a column more, and a comment in each."""
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name:
        folder = Path(name) / "sql"
        shutil.copytree(SQL_FOLDER, folder)
        for file in folder.glob("*.sql"):
            if file.stem != "macros":
                text = file.read_text().replace(COLUMN, COLUMN + LINE)
                file.write_text(f"-- One comment more.\n{text}")
        longer = plan_of_files(log, plan, folder)
    if len(longer.names) != len(plan.names) + 1:
        raise AssertionError("the column was not added")
    return longer


def rows_of_one(log: Log) -> OwnRows:
    """Return what the customer with the most purchases did."""
    [(customer,)] = log.con.execute(
        "select customer_id from transactions group by 1"
        " order by count(*) desc, 1 limit 1"
    ).fetchall()

    def rows(table: str) -> list[dict[str, Any]]:
        asked = f"select * exclude customer_id from {table} where customer_id = ?"
        found = log.con.sql(asked, params=[customer]).to_arrow_table().to_pylist()
        return [
            {name: value for name, value in row.items() if value is not None}
            for row in found
        ]

    joined = [row["joined_at"] for row in rows("customers") if "joined_at" in row]
    transactions, interactions = rows("transactions"), rows("interactions")
    return OwnRows(
        {customer: transactions},
        {customer: interactions},
        {customer: joined[0]} if joined else {},
    )
