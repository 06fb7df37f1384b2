"""Tests that SQLite, PostgreSQL and DuckDB give a rule one meaning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from models.rules import Dialect, RuleType, parse_order, parse_rule

TYPES = {
    "x": (RuleType.NUMBER, pa.float64(), "DOUBLE PRECISION"),
    "n": (RuleType.NUMBER, pa.int64(), "BIGINT"),
    "s": (RuleType.TEXT, pa.string(), "TEXT"),
    "t": (RuleType.TEXT, pa.string(), "TEXT"),
    "b": (RuleType.BOOLEAN, pa.bool_(), "BOOLEAN"),
    "d": (RuleType.DATE, pa.date32(), "DATE"),
    "i": (RuleType.INSTANT, pa.timestamp("us", "UTC"), "TIMESTAMP WITH TIME ZONE"),
}
COLUMNS = {name: kinds[0] for name, kinds in TYPES.items()}
SCHEMA = pa.schema([(name, kinds[1]) for name, kinds in TYPES.items()])
Engines = dict[Dialect, Connection]
EPOCH = datetime(2011, 12, 9, tzinfo=UTC)

numbers = st.sampled_from(
    [0.0, -0.0, 1.0, -1.0, 2.0, 3.0, 0.5, 7.0, 1e-40, 1e15, 1e200]
)
words = st.text(st.sampled_from("aAbBéÉß%_!\\*?[]'\"中😀 "), max_size=4)
days = st.integers(-2, 2).map(lambda n: date(2011, 12, 9) + timedelta(days=n))
instants = st.integers(-2, 2).map(lambda n: EPOCH + timedelta(hours=n, microseconds=n))
rows = st.lists(
    st.fixed_dictionaries(
        {
            "x": st.none() | numbers,
            "n": st.none() | st.integers(-3, 7),
            "s": st.none() | words,
            "t": st.none() | words,
            "b": st.none() | st.booleans(),
            "d": st.none() | days,
            "i": st.none() | instants,
        }
    ),
    min_size=1,
    max_size=6,
)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def joined(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda found: template.format(*found))


compare = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
number = st.recursive(
    st.sampled_from(["x", "n", "0", "1", "2", "-3", "0.5", "1e15", "1e-15"]),
    lambda deeper: st.one_of(
        joined("({} {} {})", deeper, st.sampled_from("+-*/"), deeper),
        joined(
            "{}({}, {})",
            st.sampled_from(["least", "greatest", "coalesce"]),
            deeper,
            deeper,
        ),
        joined("abs({})", deeper),
        joined("-({})", deeper),
    ),
    max_leaves=5,
).filter(lambda written: written.count("least") + written.count("greatest") <= 2)
literal = words.map(quoted)
text = st.one_of(
    st.sampled_from(["s", "t"]),
    joined("{}({})", st.sampled_from(["lower", "upper"]), st.sampled_from(["s", "t"])),
    joined("coalesce(s, {})", literal),
)
pattern = st.text(st.sampled_from("aAé%_中😀*?[]!"), max_size=4).filter(
    lambda written: written.count("%") <= 4
).map(quoted) | st.sampled_from([r"'\%%'", r"'%\_%'", r"'\\%'"])
day = st.sampled_from(["'2011-12-09'", "date '2011-12-10'", "'2011-12-07'", "d"])
instant = st.sampled_from(
    [
        "'2011-12-09T01:00:00.000001Z'",
        "'2011-12-09'",
        "date '2011-12-09'",
        "i",
        "timestamp '2011-12-09 09:00:00+08:00'",
    ]
)
atom = st.one_of(
    joined("{} {} {}", number, compare, number),
    joined("{} {} {}", text, compare, text | literal),
    joined("d {} {}", compare, day),
    joined("i {} {}", compare, instant),
    joined("{} between {} and {}", number, number, number),
    joined("s not between {} and {}", literal, literal | st.just("t")),
    joined("d between {} and {}", day, day),
    joined("x in ({}, 1, 2)", st.sampled_from(["0", "7", "-1"])),
    joined("{} not in ({}, {})", text, literal, literal),
    joined("{} like {}", text, pattern),
    joined("s not like {}", pattern),
    joined("{} is null", number | text | st.sampled_from(["b", "d", "i"])),
    st.sampled_from(["b", "b = true", "b <> (x > 1)", "true", "n is not null"]),
)
rule = st.recursive(
    atom,
    lambda deeper: st.one_of(
        joined("({} and {})", deeper, deeper),
        joined("({} or {})", deeper, deeper),
        joined("not ({})", deeper),
        joined("({}) is {}", deeper, st.sampled_from(["true", "not true", "false"])),
    ),
    max_leaves=5,
)
key = st.one_of(number.filter(lambda t: "x" in t or "n" in t), st.sampled_from("stbdi"))
order = joined(
    "{} {}, {}", key, st.sampled_from(["", "desc"]), st.sampled_from("stbdi")
)


def names(name: str) -> str:
    return f'"{name}"'


@pytest.fixture(scope="module")
def engines(postgres: sa.Engine) -> Iterator[Engines]:
    """Open both databases with a table for the rows."""
    memory = sa.create_engine("sqlite://")
    with postgres.connect() as post, memory.connect() as lite:
        listed = ", ".join(f'"{name}" {kinds[2]}' for name, kinds in TYPES.items())
        post.exec_driver_sql(f"CREATE TEMP TABLE known (place BIGINT, {listed})")
        plain = ", ".join(
            f'"{name}" {"TEXT" if name in "di" else kinds[2]}'
            for name, kinds in TYPES.items()
        )
        lite.exec_driver_sql(f"CREATE TABLE known (place BIGINT, {plain})")
        yield {"postgresql": post, "sqlite": lite}
    memory.dispose()


def stored(value: Any) -> Any:
    """Return a value as SQLite keeps it."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"
    return value.isoformat() if isinstance(value, date) else value


def fill(engines: Engines, given: list[dict[str, Any]]) -> None:
    columns = ", ".join(names(name) for name in TYPES)
    marks = ", ".join(f":{name}" for name in TYPES)
    insert = sa.text(f"INSERT INTO known (place, {columns}) VALUES (:place, {marks})")
    for dialect, con in engines.items():
        as_kept = stored if dialect == "sqlite" else lambda value: value
        con.execute(sa.text("DELETE FROM known"))
        con.execute(
            insert,
            [
                {"place": place} | {name: as_kept(value) for name, value in row.items()}
                for place, row in enumerate(given)
            ],
        )


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(given_rows=rows, written=rule)
def test_a_rule_selects_the_same_customers_on_three_engines(
    engines: Engines, given_rows: list[dict[str, Any]], written: str
) -> None:
    read = parse_rule(written, COLUMNS)
    table = pa.Table.from_pylist(given_rows, schema=SCHEMA)
    expected = np.flatnonzero(read.select(table)).tolist()
    fill(engines, given_rows)
    for dialect, con in engines.items():
        compiled = read.to_sql(dialect, column=names)
        query = f"SELECT place FROM known WHERE {compiled.sql} ORDER BY place"
        found = con.execute(sa.text(query), compiled.params).scalars().all()
        assert found == expected, (dialect, compiled)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(given_rows=rows, written=order)
def test_an_order_is_the_same_on_three_engines(
    engines: Engines, given_rows: list[dict[str, Any]], written: str
) -> None:
    read = parse_order(written, COLUMNS)
    table = pa.Table.from_pylist(given_rows, schema=SCHEMA)
    expected = read.sort(table).tolist()
    fill(engines, given_rows)
    for dialect, con in engines.items():
        compiled = read.to_sql(dialect, column=names)
        query = f"SELECT place FROM known ORDER BY {compiled.sql}, place"
        found = con.execute(sa.text(query), compiled.params).scalars().all()
        assert found == expected, (dialect, compiled)


@pytest.mark.parametrize(
    "written",
    [
        "(" * 16 + "b" + ")" * 16,
        " and ".join(["s like '%a%'"] * 300),
        " + ".join(["x"] * 20) + " > 1",
        "least(1, greatest(2, x)) > 1",
        "not (" * 8
        + "1 - (" * 6
        + "least(1, greatest(2, x))"
        + ")" * 6
        + " > 1"
        + ")" * 8,
        "not (" * 8 + "1 - (" * 4 + "1 / (" * 4 + "x" + ")" * 8 + " > 1" + ")" * 8,
        "1 - (" * 10
        + "least(1, greatest(1 / (1 / (1 / (1 / x))), x))"
        + ")" * 10
        + " > 1",
        "not (" * 15 + "b" + ")" * 15,
        "((((((x * x) + 1) * x) + 1) * x) + 1) / x > 1",
        f"n in ({', '.join(['1'] * 1_000)})",
    ],
)
def test_the_largest_rules_run_on_every_engine(engines: Engines, written: str) -> None:
    read = parse_rule(written, COLUMNS)
    fill(engines, [dict.fromkeys(TYPES)])
    for dialect, con in engines.items():
        compiled = read.to_sql(dialect, column=names)
        query = f"SELECT place FROM known WHERE {compiled.sql}"
        assert con.execute(sa.text(query), compiled.params).all() == []
    assert not read.select(pa.Table.from_pylist([{}], schema=SCHEMA)).any()
