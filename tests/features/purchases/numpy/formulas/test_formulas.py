"""Formulas in numpy against DuckDB, which says what they mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlglot import exp, parse_one

from features.purchases.numpy.formulas.formulas import Formulas
from features.purchases.numpy.formulas.tape import GRAINS, Tape
from features.purchases.numpy.formulas.values import UnknownError, Value
from features.purchases.numpy.grains.runs import DAY, Floats, SumError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
N_ROWS = 6

TYPES = {
    "count": ("bigint", 0),
    "gap": ("bigint", 0),
    "money": ("decimal(38, 4)", 4),
    "refund": ("decimal(38, 4)", 4),
    "age": ("double", None),
    "share": ("double", None),
    "first_on": ("date", 0),
    "seen_at": ("timestamp", 0),
    "joined_at": ("timestamp", 0),
}
"""Columns: their type in SQL, and the decimals of whole numbers."""

FULL = frozenset({"count", "money", "age", "seen_at"})
"""Those that are NULL of nobody."""


class Rows:
    """Rows of the columns above, as the sums of customers would be."""

    n = N_ROWS

    def __init__(self, columns: dict[str, list[Any]]) -> None:
        self.columns = columns

    def values(self, name: str) -> Any:
        """Return a column as numpy holds it, 0 where it is NULL, NaN of doubles."""
        _, digits = TYPES[name]
        rows = self.columns[name]
        if digits is None:
            return np.array([np.nan if v is None else v for v in rows], np.float64)
        return np.array([_units(value, digits) for value in rows], np.int64)

    def nulls(self, name: str) -> Any:
        """Return where a column is NULL."""
        return np.array([value is None for value in self.columns[name]], np.bool_)


def _units(value: Any, digits: int) -> int:
    if value is None:
        return 0
    if isinstance(value, datetime):
        return (value - EPOCH) // timedelta(microseconds=1)
    if isinstance(value, date):
        return (value.toordinal() - EPOCH.toordinal()) * DAY
    units: int = round(value * 10**digits)
    return units


@cache
def reader(name: str, *, of: str) -> Callable[[Rows], Any]:
    return partial(_read, name, of)


def _read(name: str, of: str, rows: Rows) -> Any:
    return rows.values(name) if of == "values" else rows.nulls(name)


def in_numpy(sql: str, rows: Rows) -> Floats:
    """Return a formula's values as doubles, NaN for NULL."""
    tape = Tape()

    def column(node: exp.Expr) -> Value | None:
        if not isinstance(node, exp.Column):
            return None
        sql_type, digits = TYPES[node.name]
        may_be_null = node.name not in FULL and digits is not None
        null = tape.write(reader(node.name, of="nulls"), GRAINS)
        return Value(
            tape.write(reader(node.name, of="values"), GRAINS),
            scale=digits,
            largest=2**50,
            null=null if may_be_null else None,
            is_instant=sql_type in ("date", "timestamp"),
        )

    node = parse_one(sql, read="duckdb")
    columns: list[Floats] = []
    program = tape.program({"x": Formulas(tape, column).double(node).at})
    program.run(rows, lambda _, values: columns.append(np.broadcast_to(values, N_ROWS)))
    return columns[0]


def in_duckdb(sql: str, rows: Rows) -> Floats:
    """Return the same by the query."""
    columns = ", ".join(f"{name} {sql}" for name, (sql, *_) in TYPES.items())
    with duckdb.connect() as con:
        con.execute(f"create table t (n integer, {columns})")
        values = zip(*(rows.columns[name] for name in TYPES), strict=True)
        places = ", ".join("?" * (len(TYPES) + 1))
        for n, row in enumerate(values):
            con.execute(f"insert into t values ({places})", [n, *row])
        query = f"select cast({sql} as double) from t order by n"
        answers = con.execute(query).fetchall()
    return np.array([np.nan if v is None else v for (v,) in answers], np.float64)


numbers: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["count", "gap", "money", "refund", "age", "share"]),
        st.sampled_from(["0", "1", "2", "7", "0.5", "365.25", "1e-3", "86400000000"]),
        st.builds("({} {} {})".format, numbers, st.sampled_from("+-*"), numbers),
        st.builds("({} / nullif({}, 0))".format, numbers, numbers),
        st.builds("abs({})".format, numbers),
        st.builds("(-{})".format, numbers),
        st.builds("cast({} as double)".format, numbers),
        st.builds("sqrt(abs({}))".format, numbers),
        st.builds("ln(0.5 + abs({}))".format, numbers),
        st.builds("floor({})".format, numbers),
        st.builds("nullif({}, {})".format, numbers, numbers),
        st.builds("coalesce({}, {})".format, numbers, numbers),
        st.builds("coalesce({}, 0)".format, numbers),
        st.builds("least({}, {})".format, numbers, numbers),
        st.builds("greatest({}, {})".format, numbers, numbers),
        st.builds("case when {} then {} end".format, conditions, numbers),
        st.builds(
            "case when {} then {} when {} then {} else {} end".format,
            *(conditions, numbers, conditions, numbers, numbers),
        ),
        st.builds(
            "date_diff('{}', {}, {})".format,
            *(st.sampled_from(["day", "microsecond"]), instants, instants),
        ),
    )
)
instants: st.SearchStrategy[str] = st.sampled_from(
    ["seen_at", "joined_at", "cast(first_on as timestamp)", "cast(seen_at as date)"]
)
conditions: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.builds(
            "({} {} {})".format,
            *(numbers, st.sampled_from(["<", "<=", ">", ">=", "=", "<>"]), numbers),
        ),
        st.builds("({} < {})".format, instants, instants),
        st.builds("({} is null)".format, numbers),
        st.builds("({} is not null)".format, numbers),
        st.builds(
            "({} {} {})".format, conditions, st.sampled_from(["and", "or"]), conditions
        ),
        st.builds("(not {})".format, conditions),
    )
)


def _column(name: str) -> st.SearchStrategy[list[Any]]:
    values: st.SearchStrategy[Any]
    if name.endswith("_at"):
        values = st.datetimes(
            *map(datetime.fromisoformat, ("1995-01-01", "2030-01-01"))
        )
    elif name.endswith("_on"):
        values = st.dates(date(1995, 1, 1), date(2030, 1, 1))
    elif TYPES[name][1] is None:
        values = st.sampled_from([0.0, 0.5, 1.0, 30.25, 365.0, -2.0])
    elif TYPES[name][1]:
        values = st.integers(-50_000, 900_000).map(lambda cents: cents / 100)
    else:
        values = st.integers(0, 40)
    if name not in FULL:
        values = st.none() | values
    return st.lists(values, min_size=N_ROWS, max_size=N_ROWS)


@settings(max_examples=150, deadline=None)
@given(sql=numbers, rows=st.fixed_dictionaries({name: _column(name) for name in TYPES}))
def test_a_formula_comes_to_what_the_query_makes_of_it(
    sql: str, rows: dict[str, list[Any]]
) -> None:
    try:
        ours = in_numpy(sql, Rows(rows))
    except (SumError, UnknownError):
        assume(False)
    try:
        theirs = in_duckdb(sql, Rows(rows))
    except duckdb.Error:  # such as a number that is larger than its type
        assume(False)
    assume(not np.isinf(theirs).any())

    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9, err_msg=sql)


@pytest.mark.parametrize(
    ("sql", "part"),
    [
        ("count + length('abc')", "LENGTH('abc')"),
        ("count / gap", "count / gap"),
        ("cast(age as integer)", "CAST(age AS INT)"),
        ("case gap when 1 then 2 end", "CASE gap WHEN 1 THEN 2 END"),
        ("row_number() over (order by gap)", "ROW_NUMBER() OVER (ORDER BY gap)"),
        ("coalesce(gap, seen_at)", "COALESCE(gap, seen_at)"),
        ("seen_at - joined_at", "seen_at"),
        ("count + 'x'", "'x'"),
    ],
)
def test_what_is_not_known_is_named(sql: str, part: str) -> None:
    rows = Rows({name: [None] * N_ROWS for name in TYPES})

    with pytest.raises(UnknownError, match="known|may be 0|mixed|no number") as raised:
        in_numpy(sql, rows)

    assert raised.value.node is not None
    assert raised.value.node.sql(dialect="duckdb") == part


@pytest.mark.parametrize("sql", ["money * money * money", "money * 1000000000 + money"])
def test_whole_numbers_beyond_64_bits_are_left_to_the_query(sql: str) -> None:
    rows = Rows({"money": [float(2**50 // 10_000)] * N_ROWS})

    with pytest.raises(SumError, match="64 bits"):
        in_numpy(sql, rows)


def test_formulas_that_share_a_part_work_it_out_once() -> None:
    tape = Tape()
    first = tape.write(np.add, GRAINS, tape.constant(1))

    assert tape.write(np.add, GRAINS, tape.constant(1)) == first
    assert tape.write(np.add, GRAINS, tape.constant(1.0)) != first
