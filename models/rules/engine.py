"""Run rules on a table in memory, by DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.door.database import open_database
from features.door.rows.casts import quote_name
from models.rules.writer import CompiledRule, Dialect

if TYPE_CHECKING:
    import duckdb


class Expression(Protocol):
    """What can be written for a database: a rule, an amount or an order."""

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""

    def to_sql(
        self, dialect: Dialect, *, column: Callable[[str], str], prefix: str = ...
    ) -> CompiledRule:
        """Write it for a database."""


def select_rows(
    table: pa.Table, rules: Mapping[str, Expression]
) -> dict[str, npt.NDArray[np.bool_]]:
    """Tell for each row, and each rule, whether the rule is true; all in one query.

    Parameters
    ----------
    table : pyarrow.Table of shape (n_rows, ...)
    rules : mapping of str to Rule

    Returns
    -------
    dict of str to array of bool, shape (n_rows,)
    """
    written = {
        name: rule.to_sql("duckdb", column=quote_name, prefix=f"r{place}_")
        for place, (name, rule) in enumerate(rules.items())
    }
    asked = {
        name: CompiledRule(f"coalesce({each.sql}, FALSE)", each.params)
        for name, each in written.items()
    }
    found = _run(table, asked, _names(rules.values()))
    return {name: found.column(place).to_numpy() for place, name in enumerate(rules)}


def compute_amounts(
    table: pa.Table, amounts: Mapping[str, Expression]
) -> dict[str, npt.NDArray[np.float64]]:
    """Return each amount of each row, NaN where it is unknown; all in one query."""
    written = {
        name: amount.to_sql("duckdb", column=quote_name, prefix=f"a{place}_")
        for place, (name, amount) in enumerate(amounts.items())
    }
    asked = {
        name: CompiledRule(
            f"coalesce(CAST({each.sql} AS DOUBLE), CAST('nan' AS DOUBLE))", each.params
        )
        for name, each in written.items()
    }
    found = _run(table, asked, _names(amounts.values()))
    return {name: found.column(place).to_numpy() for place, name in enumerate(amounts)}


def first_rows(
    table: pa.Table,
    rule: Expression,
    *,
    among: Mapping[str, Sequence[str]],
    by: tuple[str, str],
    down: bool,
    after: tuple[Any, str] | None,
    limit: int,
) -> list[str]:
    """Return the first rows for which a rule is true, by what breaks their ties.

    Parameters
    ----------
    table : pyarrow.Table of shape (n_rows, ...)
        Without NaN.
    rule : Rule
    among : mapping of str to sequence of str
        Columns whose value must be one of some texts.
    by : (str, str)
        What the rows are sorted by, and what breaks ties in the same direction. Who
        has no value comes last, by the second column upwards.
    down : bool
    after : (value, str) or None
        The row to read on from.
    limit : int
    """
    written = rule.to_sql("duckdb", column=quote_name, prefix="r_")
    params = dict(written.params)
    value, tie = (quote_name(name) for name in by)
    parts = [f"coalesce({written.sql}, FALSE)"]
    for place, (name, texts) in enumerate(among.items()):
        parts.append(f"list_contains($among_{place}, {quote_name(name)})")
        params[f"among_{place}"] = list(texts)
    if after is not None:
        params |= {"after_tie": after[1]}
        beyond = f"{value} IS NULL AND {tie} > $after_tie"
        if after[0] is not None:
            params["after"] = after[0]
            sign = "<" if down else ">"
            beyond = (
                f"{value} IS NULL OR {value} {sign} $after"
                f" OR ({value} = $after AND {tie} {sign} $after_tie)"
            )
        parts.append(f"({beyond})")
    way = "DESC" if down else "ASC"
    order = (
        f"{value} IS NULL, {value} {way},"
        f" CASE WHEN {value} IS NULL THEN {tie} END ASC, {tie} {way}"
    )
    query = (
        f"SELECT {tie} FROM known WHERE {' AND '.join(parts)}"
        f" ORDER BY {order} LIMIT {int(limit)}"
    )
    found: list[str] = _query(table, query, params).column(0).to_pylist()
    return found


def sort_rows(
    table: pa.Table, order: Expression, *, then: str | None
) -> npt.NDArray[np.intp]:
    """Return the places of a table's rows in order."""
    written = order.to_sql("duckdb", column=quote_name)
    last = f"{quote_name(then)}, " if then else ""
    names = _names([order], *([then] if then else []))
    place = pa.array(np.arange(table.num_rows))
    known = _clean(table, names).append_column("row place", place)
    query = f'SELECT "row place" FROM known ORDER BY {written.sql}, {last}"row place"'
    return np.asarray(_query(known, query, written.params).column(0).to_numpy())


def _names(asked: Iterable[Expression], *more: str) -> list[str]:
    return sorted({*more, *(name for each in asked for name in each.columns)})


def _run(
    table: pa.Table, asked: Mapping[str, CompiledRule], names: list[str]
) -> pa.Table:
    """Compute expressions for every row, in the table's order."""
    if not asked:
        return pa.table({})
    params = {
        key: value for each in asked.values() for key, value in each.params.items()
    }
    listed = ", ".join(
        f"{each.sql} AS c{place}" for place, each in enumerate(asked.values())
    )
    place = pa.array(np.arange(table.num_rows))
    known = _clean(table, names).append_column("row place", place)
    query = f'SELECT {listed} FROM known ORDER BY "row place"'
    return _query(known, query, params)


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """Open one database a process; every query has a connection of its own."""
    return open_database(threads=2)


def _query(known: pa.Table, query: str, params: dict[str, Any]) -> pa.Table:
    with _database().cursor() as con:
        con.register("known", known)
        return con.sql(query, params=params).to_arrow_table()


def _clean(table: pa.Table, names: list[str]) -> pa.Table:
    """Take the columns that are named; NaN is null."""
    return (
        pa.table({name: _without_nan(table[name]) for name in names})
        if names
        else table.select([])
    )


def _without_nan(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_floating(values.type):
        return values
    return pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
