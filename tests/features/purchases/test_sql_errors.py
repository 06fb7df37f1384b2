"""An analyst's mistake is answered with the file, the line and what was meant."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from features.door.log_files import Log
from features.errors import QueryError
from features.purchases.build import build_by_query
from features.purchases.plan import FeaturePlan, query_context, write_query
from features.purchases.render import SQL_FOLDER, QueryWriter
from features.purchases.sql_errors import Place
from tests.features.purchases.test_spend import LOG
from tests.features.sqllog import at, open_log, plan_for

AS_OF = "2024-02-10"
BELOW = "    order_sums.n_orders,\n"
"""Line 10 of rfm.sql."""


@pytest.fixture(scope="module")
def log() -> Iterator[Log]:
    with open_log(transactions=LOG) as opened:
        yield opened


@pytest.fixture(scope="module")
def plan(log: Log) -> FeaturePlan:
    return plan_for(log, AS_OF)


def write(
    log: Log, plan: FeaturePlan, folder: Path, *, file: str, old: str, new: str
) -> tuple[str, tuple[str, ...]]:
    """Write the query of the feature files with one change."""
    copy = folder / "sql"
    shutil.copytree(SQL_FOLDER, copy)
    path = copy / file
    sql = path.read_text()
    assert old in sql
    path.write_text(sql.replace(old, new, 1))
    context = query_context(
        plan.horizon_days, plan.windows, plan.interaction_types, has=plan.has
    )
    writer = QueryWriter(context, folders=(copy,))
    return write_query(log.con, writer, plan.has)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "order_sums.first_valu as x,",
            'rfm.sql, line 11: .*does not have a column named "first_valu"',
        ),
        (
            "rfm_orders.n_orders as x,",
            'rfm.sql, line 11: .*"rfm_orders" not found! .*"order_sums"',
        ),
        ("rounds(1.5) as x,", "rfm.sql, line 11: .*rounds does not exist!.*round"),
        ("1 as as x,", "rfm.sql, line 11: Parser Error: syntax error"),
        (
            "{{ ratioo('1', '2') }} as x,",
            "rfm.sql, line 11: 'ratioo' is undefined.*Did you mean \"ratio\"",
        ),
        ("{{ ratio('1') }} as x,", "rfm.sql, line 11: parameter 'b' was not provided"),
        ("{{ ratio('1' }} as x,", "rfm.sql, line 11: unexpected '}'"),
        ("{{ widows[0] }} as x,", 'rfm.sql, line 11: .*Did you mean "windows"'),
        ("{{ windows + 1 }} as x,", "rfm.sql, line 11: can only concatenate tuple"),
        (
            "{{ ref('order_sum') }}.x,",
            'rfm.sql, line 11: there is no .*Did you mean "order_sums.sql"',
        ),
        ("'text' as x,", "rfm.sql: the column x is VARCHAR. A feature is a number"),
        ("1 as n_returns,", "money_back.sql: n_returns is a column of rfm.sql already"),
    ],
)
def test_a_wrong_line_is_named(
    log: Log, plan: FeaturePlan, tmp_path: Path, line: str, message: str
) -> None:
    with pytest.raises(QueryError, match=message):
        write(
            log, plan, tmp_path, file="rfm.sql", old=BELOW, new=f"{BELOW}    {line}\n"
        )


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "order_sums.sql",
            "where age_days <= {{ w }}) as n_{{ w }}",
            "where age_dayz <= {{ w }}) as n_{{ w }}",
            'order_sums.sql, line 18: .*"age_dayz" not found.*"age_days"',
        ),
        (
            "order_sums.sql",
            "as n_half_life_{{ d }},",
            "as n_half_life_{{ day }},",
            "order_sums.sql, line 23: 'day' is undefined.*Correct the line",
        ),
        ("rfm.sql", "    day_sums.row_no,\n", "", "rfm.sql does not say whose row"),
        ("macros.sql", "ratio(a, b) %", "ratio(a, b %", "macros.sql, line 4: "),
        (
            "moments.sql",
            "ref('lines')",
            "ref('order_sums')",
            "stand on each other: .*moments -> order_sums -> orders -> moments",
        ),
    ],
)
def test_a_wrong_line_in_a_loop_a_macro_or_a_step_is_named(
    log: Log,
    plan: FeaturePlan,
    tmp_path: Path,
    file: str,
    old: str,
    new: str,
    message: str,
) -> None:
    with pytest.raises(QueryError, match=message):
        write(log, plan, tmp_path, file=file, old=old, new=new)


def test_a_family_without_a_file_is_named(tmp_path: Path) -> None:
    writer = QueryWriter({}, folders=(SQL_FOLDER,))
    with pytest.raises(
        QueryError, match=r"^There is no features/purchases/sql/rfms\.sql"
    ):
        writer.write_table("rfms")


def test_what_fails_on_a_row_of_the_log_is_said(
    log: Log, plan: FeaturePlan, tmp_path: Path
) -> None:
    line = "    cast(day_sums.first_day || '' as double) as x,\n"
    sql, names = write(log, plan, tmp_path, file="rfm.sql", old=BELOW, new=BELOW + line)
    with pytest.raises(QueryError, match=r"computed: Conversion Error: .*to DOUBLE\."):
        build_by_query(log, replace(plan, sql=sql, names=names), as_of=[at(AS_OF)])


def test_each_line_has_a_place(plan: FeaturePlan) -> None:
    context = query_context(
        plan.horizon_days, plan.windows, plan.interaction_types, has=plan.has
    )
    writer = QueryWriter(context)
    lines, places = writer.write_table("rfm").split("\n"), writer.find_places("rfm")
    assert len(places) == len(lines)
    at_line = lines.index(BELOW.rstrip("\n"))
    assert places[at_line] == Place("rfm.sql", 10)
