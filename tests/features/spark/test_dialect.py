"""What DuckDB and Spark know by one word and mean differently."""

from datetime import datetime

import pytest

from features.spark.dialect import to_spark, to_steps


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        ("select a / 2", "SELECT CAST(a AS DOUBLE) / 2"),
        ("select cast(a as double) / b", "SELECT CAST(a AS DOUBLE) / b"),
        (
            "select date_diff('day', a, b)",
            "SELECT DATEDIFF(CAST(b AS DATE), CAST(a AS DATE))",
        ),
        (
            "select date_diff('year', a, b)",
            "SELECT (YEAR(b) - YEAR(a))",
        ),
        ("select cast(a as hugeint)", "SELECT CAST(a AS DECIMAL(38, 0))"),
        (
            "select cast(a as timestamp)",
            "SELECT CAST(a AS TIMESTAMP_NTZ)",
        ),
        ("select a from t order by a", "SELECT a FROM t ORDER BY a NULLS LAST"),
    ],
)
def test_a_query_means_the_same(duckdb: str, spark: str) -> None:
    assert to_spark(duckdb) == spark


def test_instants_numbers_and_nothing_take_the_place_of_parameters() -> None:
    sql = to_spark(
        "select $at, $n, $none",
        parameters={"at": datetime(2020, 1, 2), "n": 3, "none": None},  # noqa: DTZ001
    )
    assert sql == "SELECT CAST('2020-01-02 00:00:00' AS TIMESTAMP_NTZ), 3, NULL"


def test_what_is_within_a_change_is_changed_too() -> None:
    sql = to_spark(
        "select date_diff('day', $at, a),"
        " first(a / b order by date_diff('day', c, $at)) filter (where a / 2 > 1)",
        parameters={"at": datetime(2020, 1, 2)},  # noqa: DTZ001
    )
    assert "$" not in sql
    assert ":" not in sql.replace("00:00:00", "")
    assert sql.count("AS DOUBLE") == 2


def test_parts_of_one_name_within_other_parts_are_told_apart() -> None:
    sql = to_spark(
        "with a as (with s as (select 1 as x) select x from s),"
        " b as (with s as (select 2 as x) select x from s) select * from a, b"
    )
    names = [word for word in sql.split() if word.startswith("s_")]
    assert len(set(names)) == 2


def test_steps_read_those_before_them_and_the_last_is_not_sorted() -> None:
    steps, final_sql = to_steps(
        "with lines as (select * from transactions),"
        " days as (select * from lines), weeks as (select * from lines)"
        " select * from days, weeks order by 1",
        views={"transactions": "held"},
        prefix="run_",
    )

    assert [(step.name, step.n_readers) for step in steps] == [
        ("run_lines", 2),
        ("run_days", 1),
        ("run_weeks", 1),
    ]
    assert steps[0].sql == "SELECT * FROM held AS transactions"
    assert final_sql == "SELECT * FROM run_days AS days, run_weeks AS weeks"
