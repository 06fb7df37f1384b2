"""Families are compiled from a plan's own query, and what cannot be is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from features.door.log_files import Log
from features.purchases.build import build_by_query, build_features
from features.purchases.numpy.families.compile import compile_plan, slow_families
from features.purchases.plan import FeaturePlan
from features.purchases.render import SQL_FOLDER
from tests.features.purchases.numpy.test_engine import (
    assert_alike,
    many_contacts,
    many_rows,
)
from tests.features.sqllog import NOW, open_log, plan_for, plan_of_files

AS_OF = NOW.replace(tzinfo=UTC)
INSTANTS = [AS_OF - timedelta(days=45, hours=7), AS_OF]

Change = tuple[str, str, str]
"""A feature file, a text of it, and what is put in its place."""


@pytest.fixture(scope="module")
def log() -> Log:
    purchases = many_rows()
    for n, row in enumerate(purchases):
        row["channel"] = ("web", "shop", None)[n % 3]
        row["cost"] = 3.0 if n % 2 else None
    customers = [
        {"customer_id": f"c{n}", "joined_at": NOW - timedelta(days=400 - 5 * n)}
        for n in range(0, 97, 3)
    ]
    return open_log(
        transactions=purchases, interactions=many_contacts(), customers=customers
    )


@pytest.fixture
def plan_with(log: Log, tmp_path: Path) -> Callable[..., FeaturePlan]:
    """Return what plans with a copy of the feature files that is changed."""

    def plan(*changes: Change) -> FeaturePlan:
        folder = tmp_path / "sql"
        shutil.copytree(SQL_FOLDER, folder, dirs_exist_ok=True)
        for name, old, new in changes:
            file = folder / f"{name}.sql"
            text = file.read_text()
            assert old in text
            file.write_text(text.replace(old, new, 1))
        return plan_of_files(log, plan_for(log, "2024-06-01"), folder)

    return plan


def built(log: Log, plan: FeaturePlan) -> pa.Table:
    """Return the features, once they are seen to be those of the query."""
    table = build_features(log, plan, as_of=INSTANTS)
    assert_alike(table, build_by_query(log, plan, as_of=INSTANTS))
    return table


FIRST = "    order_sums.n_orders,\n"
ROW = "    row_no,\n"
LINES: dict[str, Change] = {
    "a ratio of sums": (
        *("rfm", FIRST),
        FIRST
        + "    {{ ratio('order_sums.first_value', 'moment_sums.gross') }} as x,\n",
    ),
    "of a window": (
        *("windows", "    moment_sums.row_no,\n"),
        "    moment_sums.row_no,\n    moment_sums.net_{{ windows[0] }}"
        " - 2 * moment_sums.net_365 as x,\n",
    ),
    "of another column of the file": (
        *("cadence", "    gap_min,\n"),
        "    gap_min,\n    case when gap_mean > 14 and gap_cv is not null"
        " then least(gap_max, 365.25) else -1 end as x,\n",
    ),
    "of a table that may have no row": (
        *("contacts", "    order_sums.row_no,\n"),
        "    order_sums.row_no,\n    contact_sums.n * 2 as x,\n",
    ),
    "of dates": (
        *("membership", "    rows_seen.row_no,\n"),
        "    rows_seen.row_no,\n"
        "    date_diff('day', membership_sums.joined_at, rows_seen.as_of) as x,\n",
    ),
    "of a table without rows for some": (
        *("channels", ROW),
        ROW + "    coalesce(n_top, 0) / n_channels as x,\n",
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_in_a_family_is_right_and_compiled_with_nothing_else_touched(
    log: Log, plan_with: Callable[..., FeaturePlan], name: str
) -> None:
    file, old, new = LINES[name]
    if name == "of a table without rows for some":
        new = new.replace("/ n_channels", "/ nullif(n_channels, 0)")
    plan = plan_with((file, old, new))

    assert "x" in plan.names
    assert slow_families(plan) == ()
    assert built(log, plan)["x"].null_count < len(INSTANTS) * 97


SUMS: dict[str, list[Change]] = {
    "of more days": [
        (
            *("moment_sums", "    sum(gross) as gross,\n"),
            "    sum(gross) as gross,\n"
            "    sum(gross) filter (where age_days <= 99) as gross_99,\n",
        ),
        ("rfm", FIRST, FIRST + "    coalesce(moment_sums.gross_99, 0) as x,\n"),
    ],
    "that nothing reads": [
        (
            *("order_sums", "    sum(n_lines) as n_lines,\n"),
            "    sum(n_lines) as n_lines,\n    stddev(value) as spread,\n",
        )
    ],
    "of a step that only numpy does not know": [
        (
            *("orders", "    select\n        row_no,\n"),
            "    select\n        row_no,\n        max(gross) as largest,\n",
        )
    ],
}


@pytest.mark.parametrize("name", SUMS)
def test_a_line_in_a_step_leaves_all_families_compiled(
    log: Log, plan_with: Callable[..., FeaturePlan], name: str
) -> None:
    plan = plan_with(*SUMS[name])

    assert slow_families(plan) == ()
    built(log, plan)


def test_a_sum_of_another_form_makes_its_readers_alone_slow(
    log: Log, plan_with: Callable[..., FeaturePlan]
) -> None:
    plan = plan_with(
        ("order_sums", ROW, ROW + "    max(n_lines) as largest,\n"),
        ("rfm", FIRST, FIRST + "    order_sums.largest,\n"),
    )

    [slow] = slow_families(plan)

    assert slow.family == "rfm"
    assert slow.file == "features/purchases/sql/order_sums.sql"
    assert slow.expression == "MAX(n_lines)"
    assert built(log, plan)["largest"].null_count == 0


def test_a_comment_or_a_blank_in_any_file_changes_nothing(
    log: Log, tmp_path: Path
) -> None:
    folder = tmp_path / "sql"
    shutil.copytree(SQL_FOLDER, folder)
    for file in folder.glob("*.sql"):
        if file.stem != "macros":
            text = file.read_text().replace(",\n", ",  -- a word, and 'another'\n\n")
            file.write_text(f"-- A word before all.\n{text}")
    shipped = plan_for(log, "2024-06-01")
    plan = plan_of_files(log, shipped, folder)

    assert slow_families(plan) == ()
    assert build_features(log, plan, as_of=INSTANTS).equals(
        build_features(log, shipped, as_of=INSTANTS)
    )


def test_what_is_not_known_is_named_and_its_family_alone_is_slow(
    log: Log, plan_with: Callable[..., FeaturePlan]
) -> None:
    line = "    sin(moment_sums.gross) as wave,\n"
    plan = plan_with(("rfm", FIRST, FIRST + line))

    [slow] = slow_families(plan)

    assert (slow.family, slow.file) == ("rfm", "features/purchases/sql/rfm.sql")
    assert slow.expression == "SIN(moment_sums.gross)"
    assert str(slow) == (
        "rfm runs as SQL, which is slower: sin() is not known in numpy "
        "(features/purchases/sql/rfm.sql: SIN(moment_sums.gross))"
    )
    assert "n_orders_trend_30d" in compile_plan(plan.sql).program.names
    assert built(log, plan)["wave"].null_count == 0


def test_the_line_of_what_is_not_known_is_told(
    log: Log, plan_with: Callable[..., FeaturePlan]
) -> None:
    old = "    moment_sums.net as net_spend,\n"
    new = "    moment_sums.net + length('') as net_spend,\n"
    plan = plan_with(("rfm", old, new))
    lines = (SQL_FOLDER / "rfm.sql").read_text().splitlines(keepends=True)

    [slow] = slow_families(plan)

    assert slow.line == lines.index(old) + 1
    built(log, plan)


CHANGED: dict[str, tuple[list[Change], set[str]]] = {
    "a sum": (
        [("order_sums", "sum(value) as spend", "avg(value) as spend")],
        {"dispersion"},
    ),
    "the rows of a sum": (
        [("channel_sums", "where n_purchase_lines > 0", "where n_purchase_lines > 1")],
        {"channels"},
    ),
    "a column of a step": (
        [("interaction_lines", "order by occurred_at desc", "order by occurred_at")],
        {"contacts", "responses"},
    ),
    "a step that all stand on": (
        [("lines", "amount > 0 as is_purchase", "amount > 5 as is_purchase")],
        set(),
    ),
    "a join": (
        [
            ("channels", ROW, "    channel_sums.row_no,\n"),
            ("channels", "from", "from {{ ref('rows_seen') }} inner join"),
            (
                *("channels", "_sums') }}"),
                "_sums') }} on rows_seen.row_no = channel_sums.row_no",
            ),
        ],
        {"channels"},
    ),
    "which row is whose": (
        [
            (
                "decay",
                "    order_sums.row_no,\n",
                "    order_sums.row_no + 0 as row_no,\n",
            )
        ],
        {"decay"},
    ),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_change_of_what_numpy_does_by_hand_is_seen(
    log: Log, plan_with: Callable[..., FeaturePlan], name: str
) -> None:
    changes, families = CHANGED[name]
    plan = plan_with(*changes)

    slow = {each.family for each in slow_families(plan)}

    assert slow == families if families else len(slow) > 10
    built(log, plan)


def test_another_arrangement_of_the_families_is_left_to_the_query(
    log: Log, plan_with: Callable[..., FeaturePlan]
) -> None:
    plan = plan_with(
        ("features", "order by", "where rows_seen.customer_id <> 'c1'\norder by")
    )

    [slow] = slow_families(plan)

    assert slow.family == "every family"
    assert "c1" not in built(log, plan)["customer_id"].to_pylist()


def test_a_query_of_an_earlier_version_is_worked_out_as_it_stands(
    log: Log, plan_with: Callable[..., FeaturePlan]
) -> None:
    ref, old = "{{ ref('membership_sums') }} using (row_no)", "membership_starts"
    plan = plan_with(
        ("membership", "select\n", MEMBERSHIP_BEFORE + "select\n"),
        ("membership", ref, f"{old} using (customer_id)"),
        ("membership", "'membership_sums.joined_at'", f"'{old}.joined_at'"),
        ("membership", "'membership_sums.joined_at'", f"'{old}.joined_at'"),
        (
            "membership",
            f"{old} using (customer_id)",
            f"{old} using (customer_id)\nwhere {old}.joined_at < rows_seen.as_of",
        ),
    )

    assert {each.family for each in slow_families(plan)} == {"membership"}
    built(log, plan)


MEMBERSHIP_BEFORE = """with membership_starts as (
    select customer_id, min(joined_at) as joined_at from customers group by customer_id
)
"""


def test_a_text_that_is_no_query_is_refused_with_a_reason() -> None:
    [slow] = compile_plan("select ((").slow

    assert slow.reason == "the query cannot be read"
