"""Which families of a plan numpy works out, and which are left to the query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from features.purchases.numpy.families.places import SlowFamily, find_line
from features.purchases.numpy.families.relations import ROW, Relation, Relations
from features.purchases.numpy.formulas.tape import Place, Program, Tape
from features.purchases.numpy.formulas.values import UnknownError

if TYPE_CHECKING:
    from features.purchases.plan import FeaturePlan

KEYS = ("customer_id", "as_of")
FOLDER = "features/purchases/sql"
ORDER = "order by as_of, customer_id"


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
    slow: tuple[SlowFamily, ...] = ()
    slow_query: str = ""
    slow_names: tuple[str, ...] = ()


def slow_families(plan: FeaturePlan) -> tuple[SlowFamily, ...]:
    """Return the families of a plan that only the query can work out, and why."""
    return compile_plan(plan.sql).slow


@cache
def compile_plan(sql: str) -> Compiled:
    """Return what numpy is to do for a query that ``features.purchases.plan`` wrote."""
    tape = Tape()
    try:
        query = _read(sql)
        families, relations = _families(query), Relations(tape, query)
    except UnknownError as error:
        every = SlowFamily("every family", error.reason, f"{FOLDER}/features.sql")
        return Compiled(tape.program({}), (every,), sql)
    columns: dict[str, Place] = {}
    slow: list[SlowFamily] = []
    for family, names in families.items():
        try:
            columns |= dict(_write(tape, relations.find(family), names))
        except UnknownError as error:
            slow.append(_slow(family, error))
    if not slow:
        return Compiled(tape.program(columns))
    slow_columns = {reason.family: families[reason.family] for reason in slow}
    slow_names = tuple(name for names in slow_columns.values() for name in names)
    slow_query = _slow_query(query, set(slow_columns))
    return Compiled(tape.program(columns), tuple(slow), slow_query, slow_names)


def _read(sql: str) -> exp.Select:
    try:
        query = parse_one(sql, read="duckdb")
    except SqlglotError as error:
        raise UnknownError("the query cannot be read") from error
    if not isinstance(query, exp.Select):
        raise UnknownError("the query is no select")
    return query


def _families(query: exp.Select) -> dict[str, list[str]]:
    """Return the columns of each family that a query puts side by side."""
    first, joins = query.args.get("from_"), query.args.get("joins") or ()
    is_plain = first is not None and first.this.name == "rows_seen"
    for join in joins:
        using = [column.name for column in join.args.get("using") or ()]
        is_plain &= join.side == "LEFT" and using == [ROW]
    is_plain &= not (query.args.get("where") or query.args.get("group"))
    families: dict[str, list[str]] = {}
    for part in query.selects:
        name = part.alias_or_name
        if name in KEYS:
            continue
        column = part.find(exp.Column)
        table = column.table if column else ""
        double = f"CAST({table}.{name} AS DOUBLE) AS {name}"
        is_plain &= part.sql("duckdb", comments=False) == double
        families.setdefault(table, []).append(name)
    if not is_plain:
        raise UnknownError("features.sql does more than put families side by side")
    return families


def _write(
    tape: Tape, family: Relation, names: list[str]
) -> Iterator[tuple[str, Place]]:
    """Write the columns of a family onto a tape, NaN for customers without a row."""
    for name in names:
        if name.lower() not in family.columns:
            raise UnknownError(f"{name} is not among its columns")
        value = family.read(name)
        if value.scale != 0 or value.null is not None or value.is_instant:
            value = family.formulas.as_double(value, family.columns[name.lower()])
        at = value.at
        if family.there is not None:
            at = tape.write(np.where, family.there, at, tape.constant(np.nan))
        yield name, at


def _slow(family: str, error: UnknownError) -> SlowFamily:
    step = error.step or family
    line = find_line(step, error.column)
    text = error.node.sql(dialect="duckdb", comments=False) if error.node else None
    return SlowFamily(family, error.reason, f"{FOLDER}/{step}.sql", line, text)


def _slow_query(query: exp.Select, families: set[str]) -> str:
    """Return the query with the columns of some families alone."""
    query = query.copy()
    tables = {*families, "rows_seen"}
    columns = [
        part
        for part in query.selects
        if any(column.table in tables for column in part.find_all(exp.Column))
    ]
    query.set("expressions", columns)
    joins = query.args.get("joins") or ()
    query.set("joins", [join for join in joins if join.this.name in families])
    query.set("order", None)
    return f"{query.sql(dialect='duckdb')}\n{ORDER}\n"
