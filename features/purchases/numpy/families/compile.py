"""Which families of a plan numpy works out, and which are left to the query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from sqlglot import exp, parse_one, tokenize
from sqlglot.errors import SqlglotError

from features.purchases.numpy.families.places import SlowFamily, find_place
from features.purchases.numpy.families.relations import Relation, Relations
from features.purchases.numpy.families.selects import ROW
from features.purchases.numpy.formulas.tape import Column, Program, Tape
from features.purchases.numpy.formulas.values import Type, UnknownError

if TYPE_CHECKING:
    from features.purchases.plan import FeaturePlan

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
    slow_query : str
        The query for the columns of those, empty for none.
    slow_names : tuple of str
        Their columns, in order.
    """

    program: Program
    slow: tuple[SlowFamily, ...]
    slow_query: str
    slow_names: tuple[str, ...]


def slow_families(plan: FeaturePlan) -> tuple[SlowFamily, ...]:
    """Return the families of a plan that only the query can work out, and why."""
    return compile_plan(plan.sql).slow


@cache
def compile_plan(sql: str) -> Compiled:
    """Return what numpy is to do for a query that ``features.purchases.plan`` wrote."""
    try:
        query = _read(sql)
        families = _families(query)
    except UnknownError as error:
        slow = SlowFamily(
            "every family", error.reason, "features/purchases/sql/features.sql"
        )
        return Compiled(Tape().program(()), (slow,), sql, ())
    return _compile(sql, query, families)


def _read(sql: str) -> exp.Select:
    try:
        query = parse_one(sql, read="duckdb")
    except SqlglotError as error:
        raise UnknownError("the query cannot be read") from error
    if not isinstance(query, exp.Select):
        raise UnknownError("the query is no select")
    return query


def _compile(
    sql: str, query: exp.Select, families: Mapping[str, list[str]]
) -> Compiled:
    tape = Tape()
    relations = Relations(tape, {cte.alias: cte.this for cte in query.ctes})
    columns: list[Column] = []
    slow: list[SlowFamily] = []
    slow_columns: list[tuple[str, str]] = []
    for family, names in families.items():
        try:
            columns += _write(tape, relations.find(family), names)
        except UnknownError as error:
            slow.append(_slow(family, error))
            slow_columns += [(family, name) for name in names]
    return Compiled(
        tape.program(columns),
        tuple(slow),
        _slow_query(sql, slow_columns) if slow_columns else "",
        tuple(name for _, name in slow_columns),
    )


def _families(query: exp.Select) -> dict[str, list[str]]:
    """Return the columns of each family that a query puts side by side."""
    _check_joins(query)
    families: dict[str, list[str]] = {}
    for part in query.selects:
        if part.alias_or_name in KEYS:
            continue
        cast = part.this if isinstance(part, exp.Alias) else None
        column = cast.this if isinstance(cast, exp.Cast) else None
        is_double = cast is not None and cast.to.is_type(exp.DataType.Type.DOUBLE)
        if not isinstance(column, exp.Column) or not is_double:
            raise UnknownError("features.sql does more than put families side by side")
        if column.name != part.alias:
            raise UnknownError("features.sql gives columns of families other names")
        families.setdefault(column.table, []).append(column.name)
    return families


def _check_joins(query: exp.Select) -> None:
    first = query.args.get("from_")
    joins = query.args.get("joins") or ()
    is_known = first is not None and first.this.name == "rows_seen"
    for join in joins:
        using = [part.name for part in join.args.get("using") or ()]
        is_known &= join.side == "LEFT" and using == [ROW]
    if not is_known or query.args.get("where") or query.args.get("group"):
        raise UnknownError("features.sql does more than put families side by side")


def _write(tape: Tape, family: Relation, names: list[str]) -> list[Column]:
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


def _slow_query(sql: str, slow_columns: list[tuple[str, str]]) -> str:
    """Return the query with some columns alone, its steps as they are."""
    columns = ",\n".join(
        f"    cast({family}.{name} as double) as {name}"
        for family, name in slow_columns
    )
    families = dict.fromkeys(family for family, _ in slow_columns)
    joins = "\n".join(f"left join {family} using (row_no)" for family in families)
    return (
        f"{sql[: _last_select(sql)]}select\n    rows_seen.customer_id,\n"
        f"    rows_seen.as_of,\n{columns}\nfrom rows_seen\n{joins}\n"
        "order by as_of, customer_id\n"
    )


def _last_select(sql: str) -> int:
    """Return where the select begins that no brackets are around."""
    depth, start = 0, 0
    for token in tokenize(sql, read="duckdb"):
        kind = token.token_type.name
        depth += (kind == "L_PAREN") - (kind == "R_PAREN")
        if not depth and kind == "SELECT":
            start = token.start
    return start
