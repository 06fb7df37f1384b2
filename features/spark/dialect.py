"""Translate DuckDB's SQL to Spark's.

SQLGlot knows both dialects. Added here is what they share but define differently:
division, the days between two instants, integers of 128 bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlglot import exp, parse_one

MICROSECONDS = {
    "MICROSECOND": 1,
    "MILLISECOND": 1_000,
    "SECOND": 1_000_000,
    "MINUTE": 60_000_000,
    "HOUR": 3_600_000_000,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One named step of a query.

    Parameters
    ----------
    name : str
    sql : str
        In Spark's dialect.
    n_readers : int
        How often the other steps read it.
    """

    name: str
    sql: str
    n_readers: int


def to_spark(
    sql: str,
    *,
    parameters: Mapping[str, object] | None = None,
    views: Mapping[str, str] | None = None,
) -> str:
    """Translate a query.

    Parameters
    ----------
    sql : str
        A query in DuckDB's dialect.
    parameters : mapping
        The value of each ``$name``: an instant, a number, a text or None.
    views : mapping
        Tables of the query to the views that hold them.

    Examples
    --------
    >>> to_spark("select n / 2 from orders where d < $at", parameters={"at": 7})
    'SELECT CAST(n AS DOUBLE) / 2 FROM orders WHERE d < 7'
    """
    return _write(_translate(sql, parameters or {}), views or {})


def to_steps(
    sql: str, *, views: Mapping[str, str], prefix: str
) -> tuple[tuple[Step, ...], str]:
    """Translate a query into its steps and the final query over them.

    A step that is read more than once can then be computed once; Spark would recompute
    it for each reader. Each step reads earlier ones from views named with the prefix.
    The result is not sorted: a full sort is the most expensive step.
    """
    query = _translate(sql, {})
    if not isinstance(query, exp.Query):
        raise TypeError(f"No query: {type(query).__name__}")
    query.set("order", None)
    ctes = list(query.ctes)
    query.set("with_", None)
    names = {cte.alias: f"{prefix}{cte.alias}" for cte in ctes}
    bodies = [*(cte.this for cte in ctes), query]
    read = [table.name for body in bodies for table in body.find_all(exp.Table)]
    renamed = {**views, **names}
    steps = tuple(
        Step(names[cte.alias], _write(cte.this, renamed), read.count(cte.alias))
        for cte in ctes
    )
    return steps, _write(query, renamed)


def _translate(sql: str, parameters: Mapping[str, object]) -> exp.Expr:
    """Transform a query from its leaves up, so that each node's children are final."""
    query = _apart(parse_one(sql, read="duckdb"))
    for node in reversed(list(query.walk())):
        changed = (
            _literal(parameters[node.name])
            if isinstance(node, exp.Placeholder)
            else _CHANGES.get(type(node), _same)(node)
        )
        if changed is not node:
            node.replace(changed)
    return query


def _apart(query: exp.Expr) -> exp.Expr:
    """Give nested CTEs unique names: Spark's are all on one level."""
    inner = [
        clause for clause in query.find_all(exp.With) if clause.parent is not query
    ]
    for number, part in enumerate(reversed(inner)):
        for cte in part.expressions:
            _rename(cte, f"{cte.alias}_{number}", part)
    return query


def _rename(cte: exp.Expr, name: str, part: exp.Expr) -> None:
    """Rename a CTE and its readers: later CTEs beside it, and the query over them."""
    old, at = cte.alias, part.expressions.index(cte)
    before = {
        id(node) for earlier in part.expressions[: at + 1] for node in earlier.walk()
    }
    reader = part.parent or part
    for table in reader.find_all(exp.Table):
        if table.name == old and id(table) not in before:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(old)))
            table.set("this", exp.to_identifier(name))
    cte.set("alias", exp.TableAlias(this=exp.to_identifier(name)))


def _write(query: exp.Expr, views: Mapping[str, str]) -> str:
    """Return the query with its tables renamed, those that it names itself left."""
    query = query.copy()
    own = {cte.alias for cte in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        if table.name in views and table.name not in own:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            table.set("this", exp.to_identifier(views[table.name]))
    return query.sql(dialect="spark")


def _same(node: exp.Expr) -> exp.Expr:
    return node


def _divide(node: exp.Expr) -> exp.Expr:
    """Divide as doubles, whatever the types, as DuckDB does."""
    if not _is_double(node.this):
        node.set("this", exp.cast(node.this, exp.DataType.Type.DOUBLE))
    return node


def _is_double(node: exp.Expr) -> bool:
    node = node.unnest()
    return isinstance(node, exp.Cast) and node.to.is_type(exp.DataType.Type.DOUBLE)


def _between(node: exp.Expr) -> exp.Expr:
    """Count the borders of a unit between two instants, as DuckDB does."""
    unit = node.text("unit").upper() or "DAY"
    later, earlier = node.this, node.expression
    if unit == "DAY":
        return exp.func("datediff", _as_date(later), _as_date(earlier), dialect="spark")
    if unit in {"MONTH", "YEAR"}:
        return exp.paren(_calendar(later, unit) - _calendar(earlier, unit))
    size = MICROSECONDS[unit]
    return exp.paren(_count(later, size) - _count(earlier, size))


def _as_date(node: exp.Expr) -> exp.Expr:
    return exp.Cast(this=node.copy(), to=exp.DataType.build("date"))


def _calendar(node: exp.Expr, unit: str) -> exp.Expr:
    year = exp.func("year", node.copy())
    if unit == "YEAR":
        return year
    return exp.paren(year * 12 + exp.func("month", node.copy()))


def _count(node: exp.Expr, size: int) -> exp.Expr:
    instant = exp.Cast(this=node.copy(), to=exp.DataType.build("timestamptz"))
    micros = exp.Anonymous(this="unix_micros", expressions=[instant])
    if size == 1:
        return micros
    return exp.func("floor", exp.Div(this=micros, expression=exp.Literal.number(size)))


def _hugeint(node: exp.Expr) -> exp.Expr:
    if node.is_type(exp.DataType.Type.INT128):
        return exp.DataType.build("decimal(38, 0)")
    return node


def _first(node: exp.Expr, condition: exp.Expr | None = None) -> exp.Expr:
    """Take the first value by any sort keys, for which Spark has no function."""
    if not isinstance(node.this, exp.Order):
        return node
    if condition is None and isinstance(node.parent, exp.Filter):
        return node  # it is changed with its condition
    order = node.this
    value = order.this.sql(dialect="duckdb")
    keys = [key.this.sql(dialect="duckdb") for key in order.expressions]
    fields = "".join(f", 'k{at}', {key}" for at, key in enumerate(keys))
    cases = " ".join(
        f"WHEN l.k{at} IS NULL AND r.k{at} IS NOT NULL THEN 1"
        f" WHEN l.k{at} IS NOT NULL AND r.k{at} IS NULL THEN -1"
        f" WHEN l.k{at} < r.k{at} THEN {1 if key.args.get('desc') else -1}"
        f" WHEN l.k{at} > r.k{at} THEN {-1 if key.args.get('desc') else 1}"
        for at, key in enumerate(order.expressions)
    )
    only = f" FILTER(WHERE {condition.sql(dialect='duckdb')})" if condition else ""
    rows = f"COLLECT_LIST(NAMED_STRUCT('x', {value}{fields})){only}"
    first: exp.Expr = parse_one(
        f"GET(ARRAY_SORT({rows}, (l, r) -> CASE {cases} ELSE 0 END), 0).x", read="spark"
    )
    return first


def _filter(node: exp.Expr) -> exp.Expr:
    if isinstance(node.this, exp.First):
        return _first(node.this, node.expression.this)
    return node


_CHANGES: Mapping[type[exp.Expr], Any] = {
    exp.Div: _divide,
    exp.DateDiff: _between,
    exp.DataType: _hugeint,
    exp.First: _first,
    exp.Filter: _filter,
}


def _literal(value: object) -> exp.Expr:
    if isinstance(value, datetime):
        instant = exp.DataType.build("timestampntz")
        return exp.Cast(this=exp.Literal.string(value.isoformat(" ")), to=instant)
    return exp.convert(value)
