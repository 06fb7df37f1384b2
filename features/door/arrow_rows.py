"""Rows in memory, converted to an Arrow table for the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from features.door.layout import Layout
from features.door.rows.casts import SQL_TYPES, quote_name
from features.door.rows.columns import OPEN_TABLE, TABLES, Column, Kind
from features.door.rows.faults import Relation
from features.errors import TableError
from features.suggest import did_you_mean

ARROW_TYPES = {
    Kind.ID: pa.string(),
    Kind.TEXT: pa.string(),
    Kind.NUMBER: pa.float64(),
    Kind.INSTANT: pa.timestamp("us"),
    Kind.ATTRIBUTE: pa.string(),
}
_NUMBER = "row number"


def rows_layout(
    table: str, rows: Sequence[Mapping[str, Any]]
) -> tuple[Layout, frozenset[str]]:
    """Return the columns of the rows, and which attributes are numbers.

    Raises
    ------
    TableError
        If a row has a column that the table does not have.
    """
    standard = TABLES[table]
    names = [column.name for column in standard]
    present = dict.fromkeys(name for row in rows for name in row)
    unknown = [name for name in present if name not in names]
    if unknown and table != OPEN_TABLE:
        raise TableError(
            f"{table} has no column {unknown[0]!r}.",
            needed=f"Its columns are {', '.join(names)}.",
            todo=did_you_mean(unknown[0], names) or "Leave it out.",
        )
    for column in standard:
        if column.needed and column.name not in present:
            raise TableError(
                f"{table} has rows without {column.name}.",
                needed=f"Every row of {table} has {column.name}.",
                todo="Add it.",
            )
    columns = (*standard, *(Column(name, Kind.ATTRIBUTE) for name in unknown))
    numbers = frozenset(
        name
        for name in unknown
        if all(isinstance(row.get(name), int | float | None) for row in rows)
    )
    return Layout(columns, {name: name for name in present}, ()), numbers


def rows_table(
    table: str, layout: Layout, rows: Sequence[Mapping[str, Any]]
) -> pa.Table:
    """Return the rows as Arrow, numbered from 1.

    Raises
    ------
    TableError
        If a value is not of its column's type.
    """
    arrays = {_NUMBER: pa.array(range(1, len(rows) + 1), pa.int64())}
    for column in layout.columns:
        if column.name in layout.theirs:
            arrays[column.name] = _array(table, column, rows)
    return pa.table(arrays)


def rows_relation(layout: Layout) -> Relation:
    """Return where our columns are in the registered table."""
    return Relation(
        sql="door_rows",
        columns={
            column.name: (quote_name(column.name), SQL_TYPES[column.kind])
            for column in layout.columns
            if column.name in layout.theirs
        },
        file="0",
        row=quote_name(_NUMBER),
    )


def _array(table: str, column: Column, rows: Sequence[Mapping[str, Any]]) -> pa.Array:
    values = [_plain(row.get(column.name), column.kind) for row in rows]
    try:
        return pa.array(values, ARROW_TYPES[column.kind])
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeError, OverflowError) as error:
        raise TableError(
            f"{column.name} of {table} holds a value of another type.",
            needed=f"Every {column.name} is {_TYPE_WORDS[column.kind]}.",
            todo="Correct the rows.",
        ) from error


_TYPE_WORDS = {
    Kind.ID: "text",
    Kind.TEXT: "text",
    Kind.NUMBER: "a number",
    Kind.INSTANT: "a datetime",
    Kind.ATTRIBUTE: "text or a number",
}


def _plain(value: Any, kind: Kind) -> Any:
    if kind is Kind.ATTRIBUTE and isinstance(value, bool | int | float):
        return str(float(value))
    if isinstance(value, bool):
        return str(value)  # no number
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
