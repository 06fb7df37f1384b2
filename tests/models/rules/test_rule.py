"""Tests of the language: what it says, and what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import ConfigError, RuleError
from models.rules import RuleType, parse_amount, parse_order, parse_rule
from models.rules.engine import select_rows

COLUMNS = {
    "churn_probability": RuleType.NUMBER,
    "cluster": RuleType.NUMBER,
    "tier": RuleType.TEXT,
    "region": RuleType.TEXT,
    "Cost Centre": RuleType.TEXT,
    "strategic": RuleType.BOOLEAN,
    "next_order_on": RuleType.DATE,
    "as_of": RuleType.INSTANT,
}
ROWS = pa.table(
    {
        "churn_probability": [0.7, 0.2, float("nan"), 0.9],
        "cluster": [1, 2, None, 4],
        "tier": ["VIP", "A", None, "a"],
        "region": ["East", "East", "West", None],
        "Cost Centre": ["100%", "1_0", "x'y", None],
        "strategic": [True, False, None, True],
        "next_order_on": [date(2011, 1, 1), date(2011, 6, 1), None, date(2012, 1, 1)],
        "as_of": pa.array(
            [datetime(2011, 12, 9, 12, tzinfo=UTC)] * 4, pa.timestamp("us", "UTC")
        ),
    }
)


def chosen(text: str) -> list[int]:
    return [int(i) for i in np.flatnonzero(parse_rule(text, COLUMNS).select(ROWS))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("churn_probability > 0.6 and tier in ('VIP','A') and region = 'East'", [0]),
        ("churn_probability > 0.6", [0, 3]),
        ("not churn_probability > 0.6", [1]),
        ("churn_probability is null", [2]),
        ("tier = 'a'", [3]),
        ("lower(tier) = 'a'", [1, 3]),
        ("tier < 'a'", [0, 1]),
        ("tier like 'V%'", [0]),
        ("tier not like 'v%'", [0, 1, 3]),
        (r""""Cost Centre" like '100\%' """, [0]),
        (""""Cost Centre" = 'x''y'""", [2]),
        ("cluster / 2 = 0.5", [0]),
        ("cluster / 0 is null", [0, 1, 2, 3]),
        ("cluster between 2 and 4", [1, 3]),
        ("cluster not between 2 and 3", [0, 3]),
        ("cluster not in (1, 2)", [3]),
        ("cluster is not null", [0, 1, 3]),
        ("coalesce(cluster, 0) = 0", [2]),
        ("least(cluster, 2) = 2", [1, 2, 3]),
        ("abs(cluster - 3) <= 1", [1, 3]),
        ("strategic", [0, 3]),
        ("not strategic", [1]),
        ("strategic is not true", [1, 2]),
        ("next_order_on >= '2011-06-01'", [1, 3]),
        ("next_order_on < date '2011-06-01'", [0]),
        ("as_of > '2011-12-09T12:59:00+01:00'", [0, 1, 2, 3]),
        ("as_of < date '2011-12-10'", [0, 1, 2, 3]),
        ("TIER = 'VIP' or false", [0]),
        ("true", [0, 1, 2, 3]),
    ],
)
def test_a_rule_selects_where_it_is_true(text: str, expected: list[int]) -> None:
    assert chosen(text) == expected


@pytest.mark.parametrize(
    ("text", "offset", "fault"),
    [
        ("regin = 'x'", 0, "no column 'regin'. Did you mean \"region\""),
        ("cluster > 1 and foo(cluster) > 1", 16, "no function 'foo'"),
        ("cluster > 1; drop table scores", 11, "one expression"),
        ("tier = 'a' union select 1", 0, "not part of the language"),
        ("cluster in (select 1)", 0, "not part of the language"),
        ("cluster in ()", 0, "`in` needs a list"),
        ("cluster = (select 1)", 18, "not part of the language"),
        ("exists(select 1)", 0, "no function 'exists'"),
        ("cluster between symmetric 2 and 1", 0, "not part of the language"),
        ("cluster is distinct from 1", 0, "not part of the language"),
        ("tier like any ('a')", 15, "a pattern in quotes"),
        ("tier like 'a' escape 'b'", 0, "not part of the language"),
        ("tier = 'a' -- or 1", 7, "a comment"),
        ("tier = 'a' /* or */ or true", 7, "a comment"),
        ("tier = 'a", 7, "not closed"),
        ('tier = "East"', 7, "Put text in single quotes"),
        ("scores.tier = 'a'", 0, "no table before"),
        ("cluster = :p0", 0, "not part of the language"),
        ("cluster = ?", 0, "not part of the language"),
        ("cluster = current_date", 10, "no function 'current_date'"),
        ("pg_sleep(10) is null", 0, "no function 'pg_sleep'"),
        ("regexp_like(tier, '(a+)+')", 0, "no function 'regexp"),
        ("tier ilike 'a'", 0, "not part of the language"),
        ("cast(cluster as text) = 'a'", 5, "not part of the language"),
        ("case when strategic then 1 end = 1", 10, "not part of the language"),
        ("tier = 5", 7, "a number, compared with text"),
        ("strategic = 1", 12, "a number, compared with true or false"),
        ("tier + 1 > 2", 0, "text, not a number"),
        ("cluster and strategic", 0, "a number, not true or false"),
        ("cluster", 0, "the whole is a number"),
        ("tier = null", 0, "Write `is null`"),
        ("tier in ('a', region)", 14, "only values"),
        ("tier like region", 10, "a pattern in quotes"),
        ("next_order_on < 'tomorrow'", 16, "a date is written"),
        ("as_of < 'now'", 8, "an instant is written"),
        ("abs(tier) = 1", 4, "text, not a number"),
        ("least(tier, 'a') = 'a'", 0, "takes numbers or dates"),
        ("coalesce(tier) = 'a'", 0, "two arguments"),
        ("cluster > 1e300", 10, "a number is 0, or from"),
        ("cluster >", 8, "cannot be read"),
        ("\ncluster > 1\n and regio = 'a'", 18, "line 3, column 6"),
        ("", 0, "empty"),
        ("tier = 'a\0'", 9, "cannot be printed"),
    ],
)
def test_what_is_not_in_the_language_is_refused_in_its_place(
    text: str, offset: int, fault: str
) -> None:
    with pytest.raises(RuleError, match=r"^Rule, line \d+, column \d+: ") as caught:
        parse_rule(text, COLUMNS)
    assert fault in str(caught.value)
    assert caught.value.offset == offset
    assert isinstance(caught.value, ConfigError)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3_000 + "strategic" + ")" * 3_000,
        "(" * 900 + "strategic" + ")" * 900,
        "not " * 2_000 + "strategic",
        "cluster = " + "- " * 2_000 + "1",
        "strategic or " * 3_000 + "strategic",
        "not (" * 17 + "strategic" + ")" * 17,
        " + ".join(["cluster"] * 500) + " > 1",
        " = ".join(["strategic"] * 500),
        " * ".join(["cluster"] * 6) + " > 1",
        "least(" * 3 + "cluster" + ", 1)" * 3 + " > 1",
        "cluster in (" + ",".join("1" * 1_001) + ")",
        f"tier = '{'x' * 501}'",
        f"tier like '{'x' * 101}'",
        "tier like '%a%a%a%a%'",
        "case when " * 300 + "strategic" + " then 1 end" * 300,
        "[" * 1_000,
    ],
)
def test_a_rule_that_is_too_large_is_refused(text: str) -> None:
    with pytest.raises(RuleError, match=r"^Rule, line 1, column \d+: "):
        parse_rule(text, COLUMNS)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            "tier cluster 'a' ' \" ( ) , ; -- /* */ and or not in is null like = < - *"
            " / 1 select union case when end :: . [ ] { } $1 ? @x % ~ || date".split()
        ),
        max_size=15,
    ).map(" ".join)
)
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    found = []
    for parse in (parse_rule, parse_amount, parse_order):
        try:
            parse(text, COLUMNS)
        except RuleError as exc:
            found.append(exc.offset)
    assert all(0 <= offset <= len(text) for offset in found)


def test_a_fault_can_be_told_without_the_words_of_the_rule() -> None:
    with pytest.raises(RuleError, match=r"secret") as caught:
        parse_rule("secret = 'x'", COLUMNS)
    assert caught.value.fault == "At line 1, column 1: there is no such column"


def test_a_rule_knows_its_columns() -> None:
    rule = parse_rule("TIER = 'A' and cluster > 1", COLUMNS)
    assert rule.columns == {"tier", "cluster"}
    assert rule.text == "TIER = 'A' and cluster > 1"


def test_values_are_bound_and_never_written() -> None:
    rule = parse_rule("tier = 'x'' or 1=1' and cluster > 7", COLUMNS)
    for dialect in ("sqlite", "postgresql", "duckdb"):
        compiled = rule.to_sql(dialect, column=lambda name: f'"{name}"', prefix="f")
        assert compiled.params == {"f0": "x' or 1=1", "f1": 7.0}
        assert "1=1" not in compiled.sql
        assert "7" not in compiled.sql


def test_many_rules_are_asked_in_one_query() -> None:
    rules = {name: parse_rule(f"tier = '{name}'", COLUMNS) for name in ("VIP", "A")}
    found = select_rows(ROWS, rules)
    assert {name: rows.tolist() for name, rows in found.items()} == {
        "VIP": [True, False, False, False],
        "A": [False, True, False, False],
    }


def test_an_amount_is_computed_and_nan_where_unknown() -> None:
    amount = parse_amount("churn_probability * cluster / 2", COLUMNS)
    np.testing.assert_allclose(amount.compute(ROWS), [0.35, 0.2, np.nan, 1.8])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("churn_probability desc", [3, 0, 1, 2]),
        ("churn_probability", [1, 0, 3, 2]),
        ("region, churn_probability desc", [0, 1, 2, 3]),
        ("abs(cluster - 2), tier", [1, 0, 3, 2]),
    ],
)
def test_an_order_puts_the_unknown_last(text: str, expected: list[int]) -> None:
    assert parse_order(text, COLUMNS).sort(ROWS).tolist() == expected


@pytest.mark.parametrize(
    "text",
    [
        "cluster limit 5",
        "1",
        "cluster > 1",
        "cluster desc nulls first",
        "regoin",
        "cluster union select 1",
        "cluster, " * 8 + "cluster",
        "tier; select 1",
    ],
)
def test_what_is_no_order_is_refused(text: str) -> None:
    with pytest.raises(RuleError, match=r"^Rule, line 1, column \d+: "):
        parse_order(text, COLUMNS)


def test_a_table_without_rows_has_none_selected() -> None:
    empty: Any = ROWS.schema.empty_table()
    assert parse_rule("tier = 'A'", COLUMNS).select(empty).tolist() == []
