"""The families of a plan: which of them numpy works out, and which are left to the query."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from features.arrays.compiler.places import SlowFamily, find_place
from features.arrays.compiler.relations import ROW, Relation, Relations
from features.arrays.compiler.tape import Place, Program, Tape
from features.arrays.compiler.values import Type, UnknownError

if TYPE_CHECKING:
    from features.plan import FeaturePlan

KEYS = ("customer_id", "as_of")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A plan as far as numpy works it out.

    Parameters
    ----------
    program : Program
        Of the families that are compiled.
    slow : tuple of SlowFamily
        The others.
    rest : str
        The query for the columns of those, empty for none.
    rest_names : tuple of str
        Their columns, in order.
    """

    program: Program
    slow: tuple[SlowFamily, ...]
    rest: str
    rest_names: tuple[str, ...]


def slow_families(plan: FeaturePlan) -> tuple[SlowFamily, ...]:
    """Return the families of a plan that only the query can work out, and why."""
    return compile_plan(plan.sql).slow


@cache
def compile_plan(sql: str) -> Compiled:
    """Return what numpy is to do for a query that ``features.plan`` wrote."""
    try:
        query = parse_one(sql, read="duckdb")
        columns = _columns(query)
    except (SqlglotError, UnknownError) as error:
        reason = getattr(error, "reason", "the query cannot be read")
        slow = SlowFamily("all families", reason, "features/sql/features.sql")
        return Compiled(Tape().program(()), (slow,), sql, ())
    tape = Tape()
    relations = Relations(tape, {cte.alias: cte.this for cte in query.ctes})
    written: list[tuple[str, Place, bool]] = []
    slow: list[SlowFamily] = []
    rest: list[tuple[str, str]] = []
    for family, names in columns.items():
        try:
            written += _write(tape, relations.find(family), names)
        except UnknownError as error:
            slow.append(_slow(family, error))
            rest += [(family, name) for name in names]
    return Compiled(
        tape.program(written),
        tuple(slow),
        _rest_query(sql, query, rest) if rest else "",
        tuple(name for _, name in rest),
    )


def _columns(query: exp.Expr) -> dict[str, list[str]]:
    """Return the columns of each family that a query puts side by side."""
    if not isinstance(query, exp.Select):
        raise UnknownError("the query is no select")
    _check_joins(query)
    columns: dict[str, list[str]] = {}
    for each in query.selects:
        if each.alias_or_name in KEYS:
            continue
        cast = each.this if isinstance(each, exp.Alias) else None
        column = cast.this if isinstance(cast, exp.Cast) else None
        is_double = cast is not None and cast.to.is_type(exp.DataType.Type.DOUBLE)
        if not isinstance(column, exp.Column) or not is_double:
            raise UnknownError("features.sql does more than put families side by side")
        if column.name != each.alias:
            raise UnknownError("features.sql gives columns of families other names")
        columns.setdefault(column.table, []).append(column.name)
    return columns


def _check_joins(query: exp.Select) -> None:
    first = query.args.get("from_")
    joins = query.args.get("joins") or ()
    is_known = first is not None and first.this.name == "rows_seen"
    for join in joins:
        using = [each.name for each in join.args.get("using") or ()]
        is_known &= join.side == "LEFT" and using == [ROW]
    if not is_known or query.args.get("where") or query.args.get("group"):
        raise UnknownError("features.sql does more than put families side by side")


def _write(
    tape: Tape, family: Relation, names: list[str]
) -> list[tuple[str, Place, bool]]:
    """Write the columns of a family onto a tape, NaN for customers without a row."""
    written = []
    for name in names:
        if not family.has(name):
            raise UnknownError(f"{name} is not among its columns")
        node = family.columns[name.lower()]
        value = family.read(name)
        is_full = value.type is Type.WHOLE and value.null is None
        value = family.formulas.as_double(value, node)
        at = value.at
        if family.there is not None and not value.is_blank:
            at = tape.write(np.where, family.there, at, tape.constant(np.nan))
        written.append((name, at, is_full and family.there is None))
    return written


def _slow(family: str, error: UnknownError) -> SlowFamily:
    step = error.step or family
    file, line = find_place(step, error.column)
    text = error.node.sql(dialect="duckdb", comments=False) if error.node else None
    return SlowFamily(family, error.reason, file, line, text)


def _rest_query(sql: str, query: exp.Select, rest: list[tuple[str, str]]) -> str:
    """Return the query with some columns of some families alone, its steps as they are."""
    start = query.selects[0].find(exp.Identifier).meta["start"]
    head = sql[: sql.lower().rindex("select", 0, start)]
    columns = ",\n".join(
        f"    cast({family}.{name} as double) as {name}" for family, name in rest
    )
    joins = "\n".join(
        f"left join {family} using (row_no)"
        for family in dict.fromkeys(f for f, _ in rest)
    )
    return (
        f"{head}select\n    rows_seen.customer_id,\n    rows_seen.as_of,\n{columns}\n"
        f"from rows_seen\n{joins}\norder by as_of, customer_id\n"
    )
