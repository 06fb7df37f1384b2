"""What can be wrong with a row: each fault has a reason, and sets the row aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from features.door.rows.casts import (
    SQL_TYPES,
    VISIBLE,
    Family,
    clean_sql,
    family_of,
    quote_text,
    trimmed_sql,
    value_sql,
)
from features.door.rows.columns import Column, Kind

EARLIEST = {
    "occurred_at": "1970-01-01",
    "joined_at": "1900-01-01",
    "starts_at": "1900-01-01",
}
"""Earlier instants are absurd: a purchase before 1970, a customer since before 1900."""

MAY_BE_FUTURE = frozenset({"starts_at"})
"""Columns that may be in the future: a contract can be signed before it starts."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of our clock an instant may be."""

MAX_NUMBER = 1e12
"""Larger numbers are absurd, and their sums would lose pennies."""

MAX_ID_CHARS = 256
"""Characters of a customer_id. A longer one is a sentence, or a broken row."""

MAX_CHARS_SHOWN = 24
"""How many characters of a bad number or instant are shown."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the faults depend on besides the row.

    Parameters
    ----------
    now : datetime
        The present, naive UTC.
    not_products : tuple of str
        Values of ``product_id`` that are fees and the like.
    """

    now: datetime
    not_products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """One way for a row to be wrong.

    Parameters
    ----------
    reason : str
        Its stable code.
    column : str or None
        Our column at fault, if it is one.
    condition : str
        When it holds, in SQL over the stages; nothing if it is found otherwise.
    """

    reason: str
    column: str | None = None
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows as they were read, and where each of our columns is in them.

    Parameters
    ----------
    sql : str
        What follows FROM.
    columns : mapping
        Our name to the expression and its DuckDB type; absent columns left out.
    file, row : str
        Expressions for the number of the file and of the row in it.
    """

    sql: str
    columns: Mapping[str, tuple[str, str]]
    file: str
    row: str


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a column of ours is, stage by stage, in the query that classifies.

    Parameters
    ----------
    raw, clean, value : str
        The SQL names of what was read, of it without what says nothing, and of it in
        our type.
    is_text : bool
        Whether it was read as text.
    """

    raw: str = ""
    clean: str = ""
    value: str = ""
    is_text: bool = False


ABSENT = Cell()


def list_faults(
    columns: Sequence[Column], rules: Rules, cells: Mapping[str, Cell]
) -> tuple[Fault, ...]:
    """Return the faults in the order in which they are looked for; the first counts.

    The order and length do not depend on ``cells``, only the conditions do.
    """
    at = {column.name: cells.get(column.name, ABSENT) for column in columns}
    faults = [Fault("malformed_row")]
    for name, cell in at.items():
        faults.append(Fault("nul_character", name, f"contains({cell.raw}, chr(0))"))
    for column in columns:
        faults += _column_faults(at[column.name], column, rules)
    if "product_id" in at:
        listed = ", ".join(quote_text(product) for product in rules.not_products)
        condition = f"list_contains([{listed}], {at['product_id'].value})"
        faults.append(Fault("not_a_product", "product_id", condition if listed else ""))
    if "starts_at" in at and "ends_at" in at:
        starts, ends = at["starts_at"].value, at["ends_at"].value
        is_both = f"{ends} < {starts}" if starts and ends else ""
        faults.append(Fault("ends_before_start", "ends_at", is_both))
        faults.append(Fault("negative_amount", "amount", f"{at['amount'].value} < 0"))
    faults += [Fault("other_currency", "currency", "")]
    faults += [Fault("duplicate_customer_id", "customer_id", "")]
    return tuple(faults)


def classify_sql(relation: Relation, columns: Sequence[Column], rules: Rules) -> str:
    """Return the query that gives each row our columns, and its fault or NULL.

    After our columns come the number of the fault, the clipped value at fault where it
    is a number or an instant, the file and the row.
    """
    cells: dict[str, Cell] = {}
    stages: dict[str, list[str]] = {"r": [], "s": [], "t": [], "v": []}
    for at, column in enumerate(columns):
        if column.name in relation.columns:
            cells[column.name] = _stage(at, column, relation, stages)
    faults = list_faults(columns, rules, cells)
    cases = " ".join(
        f"WHEN {fault.condition} THEN {number}"
        for number, fault in enumerate(faults)
        if fault.column in cells and _can_be(fault, cells[fault.column])
    )
    ours = ", ".join(
        cells[column.name].value
        if column.name in cells
        else f"CAST(NULL AS {SQL_TYPES[column.kind]})"
        for column in columns
    )
    read = [*stages.pop("r"), f"{relation.file} AS file", f"{relation.row} AS row_at"]
    query = f"SELECT {', '.join(read)} FROM {relation.sql}"
    for stage in stages.values():
        query = f"SELECT *, {', '.join(stage)} FROM ({query})" if stage else query
    query = f"SELECT *, CASE {cases} ELSE NULL END AS fault FROM ({query})"
    shown = _shown_sql(columns, faults, cells)
    return f"SELECT {ours}, fault, {shown}, file, row_at FROM ({query})"


def _stage(
    at: int, column: Column, relation: Relation, stages: Mapping[str, list[str]]
) -> Cell:
    """Write the stages of a column that change anything; return where they lead."""
    expression, sql_type = relation.columns[column.name]
    family = family_of(sql_type)
    stages["r"].append(f"{expression} AS r{at}")
    name = f"r{at}"
    if (sql := trimmed_sql(name, family)) != name:
        stages["s"].append(f"{sql} AS {(name := f's{at}')}")
    if (sql := clean_sql(name, column, family)) != name:
        stages["t"].append(f"{sql} AS {(name := f't{at}')}")
    clean = name
    if (sql := value_sql(name, column, sql_type)) != name:
        stages["v"].append(f"{sql} AS {(name := f'v{at}')}")
    return Cell(f"r{at}", clean, name, is_text=family is Family.TEXT)


def _can_be(fault: Fault, cell: Cell) -> bool:
    """Tell whether the fault can be found in a row, and in a cell of this type."""
    of_text = fault.reason == "nul_character" or (
        fault.reason == f"bad_{fault.column}" and "isfinite" not in fault.condition
    )
    return bool(fault.condition) and (cell.is_text or not of_text)


def _shown_sql(
    columns: Sequence[Column], faults: Sequence[Fault], cells: Mapping[str, Cell]
) -> str:
    """Return the beginning of the bad value, where it may be shown."""
    may_be_shown = {
        column.name
        for column in columns
        if column.name in cells and column.kind in {Kind.NUMBER, Kind.INSTANT}
    }
    raws = {
        cells[fault.column].raw: fault.column
        for fault in faults
        if fault.column in may_be_shown
    }
    cases = []
    for raw, name in raws.items():
        numbers = [str(at) for at, fault in enumerate(faults) if _shows(fault, name)]
        shown = f"left(CAST({raw} AS VARCHAR), {MAX_CHARS_SHOWN})"
        cases.append(f"WHEN fault IN ({', '.join(numbers)}) THEN {shown}")
    return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"


def _shows(fault: Fault, name: str) -> bool:
    return fault.column == name and fault.reason != "nul_character"


def _column_faults(cell: Cell, column: Column, rules: Rules) -> Iterator[Fault]:
    name, value = column.name, cell.value
    is_empty = f"{cell.clean} IS NULL"
    if column.kind is Kind.ID:
        unseen = f"NOT regexp_matches({value}, '{VISIBLE}')"
        yield Fault(f"missing_{name}", name, f"{is_empty} OR {unseen}")
        yield Fault(f"long_{name}", name, f"length({value}) > {MAX_ID_CHARS}")
    elif column.needed:
        yield Fault(f"missing_{name}", name, is_empty)
    if column.kind is Kind.INSTANT:
        yield Fault(f"bad_{name}", name, f"{value} IS NULL AND NOT {is_empty}")
        if name in EARLIEST:
            yield from _instant_faults(value, name, rules)
    elif column.kind is Kind.NUMBER:
        yield from _number_faults(cell, column)


def _instant_faults(value: str, name: str, rules: Rules) -> Iterator[Fault]:
    latest = quote_text((rules.now + CLOCK_SKEW).isoformat(sep=" "))
    earliest = quote_text(EARLIEST[name])
    if name not in MAY_BE_FUTURE:
        yield Fault(f"future_{name}", name, f"{value} > CAST({latest} AS TIMESTAMP)")
    yield Fault(f"absurd_{name}", name, f"{value} < CAST({earliest} AS TIMESTAMP)")


def _number_faults(cell: Cell, column: Column) -> Iterator[Fault]:
    name, value = column.name, cell.value
    bad = f"({value} IS NULL AND {cell.clean} IS NOT NULL)"
    not_finite, absurd = f"NOT isfinite({value})", f"abs({value}) > {MAX_NUMBER}"
    if not column.needed:
        yield Fault(f"bad_{name}", name, f"{bad} OR {not_finite} OR {absurd}")
        return
    yield Fault(f"bad_{name}", name, bad)
    yield Fault(f"non_finite_{name}", name, not_finite)
    yield Fault(f"absurd_{name}", name, absurd)
