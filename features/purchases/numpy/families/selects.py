"""The parts of a query: what a step reads, which rows it has, what it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from features.door.rows.columns import TABLES
from features.purchases.numpy.formulas.values import UnknownError

ROW = "row_no"
"""Which row of a step is whose."""

BASE = frozenset({*TABLES, "as_ofs"})


def tables_of(query: exp.Select) -> Iterator[tuple[exp.Table, bool]]:
    """Yield the tables of a select, and whether each may have no row."""
    first = query.args.get("from_")
    if first is None or not isinstance(first.this, exp.Table):
        raise UnknownError("what it reads from is not known in numpy", None)
    yield first.this, False
    for join in query.args.get("joins") or ():
        using = [identifier.name for identifier in join.args.get("using") or ()]
        is_known = isinstance(join.this, exp.Table) and using == [ROW]
        extra = {"this", "using", "side", "kind"}
        is_known &= not any(
            part for name, part in join.args.items() if name not in extra
        )
        if (
            not is_known
            or join.side not in ("", "LEFT")
            or join.kind not in ("", "INNER")
        ):
            raise UnknownError("only joins using (row_no) are known in numpy", join)
        yield join.this, join.side == "LEFT"


def made_of(name: str, scope: Mapping[str, exp.Expr]) -> Iterator[tuple[str, exp.Expr]]:
    """Yield a step and all that it is made of, with their names."""
    ahead, done = [(name, scope)], set(BASE)
    while ahead:
        at, steps = ahead.pop()
        if at in done:
            continue
        done.add(at)
        query = steps.get(at)
        if query is None:
            raise UnknownError(f"the table {at} is not known in numpy", None)
        yield at, query
        inner = {**steps, **{cte.alias: cte.this for cte in _ctes(query)}}
        ahead += [(table.name, inner) for table in query.find_all(exp.Table)]


def _ctes(query: exp.Expr) -> list[exp.CTE]:
    return query.ctes if isinstance(query, exp.Query) else []


def rows_of(query: exp.Select) -> str:
    """Return which rows a select has, and how they are grouped."""
    bare = query.copy()
    bare.set("with_", None)
    bare.set("expressions", [exp.Null()])
    return (
        bare.sql(dialect="duckdb", comments=False).lower().removeprefix("select null ")
    )
