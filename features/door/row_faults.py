"""Find the customers whose rows the door would refuse, in one pass over all rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import duckdb

from features.door.arrow_rows import rows_layout, rows_relation, rows_table
from features.door.layout import Layout
from features.door.rows.faults import Rules
from features.door.rows.staging import AT, FAULT, Staging
from features.errors import TableError

Row = Mapping[str, Any]
RowsOf = Mapping[str, Sequence[Row]]
"""The rows of each customer in one table."""

ALLOWED = "not_a_product"
"""The reason of a row that is set aside without being a fault."""


def stage_rows(
    con: duckdb.DuckDBPyConnection,
    table: str,
    rows: Sequence[Row],
    *,
    layout: Layout,
    rules: Rules,
) -> Staging:
    """Stage rows that are in memory.

    Raises
    ------
    TableError
        If a value is not of its column's type.
    """
    staging = Staging(con, table, layout.columns, rules, temporary=True)
    staging.create()
    con.register("door_rows", rows_table(table, layout, rows))
    staging.add(rows_relation(layout))
    con.unregister("door_rows")
    return staging


def refuse_row(table: str, row: int, *, reason: str, column: str | None) -> TableError:
    """Return the error for a row that cannot be used."""
    return TableError(
        f"Row {row} of {table} cannot be used: {reason}.",
        needed="Rows without a fault.",
        todo=f"Correct its {column}, or leave the row out.",
    )


def find_row_faults(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, RowsOf], *, rules: Rules
) -> dict[str, TableError]:
    """Return, by customer, the error for that customer's rows alone.

    Parameters
    ----------
    con : DuckDBPyConnection
        Takes a temporary table for each of ``tables``.
    tables : mapping of str to mapping
        Table to customer to rows, each with its ``customer_id``; in the order of the
        tables the first fault counts.
    rules : Rules

    Returns
    -------
    dict of str to TableError
        Customers without a fault are not in it; of several faults the first counts.
    """
    faults: dict[str, TableError] = {}
    for table, rows_of in tables.items():
        rows_of = {name: rows for name, rows in rows_of.items() if rows}
        rows_of = {name: rows for name, rows in rows_of.items() if name not in faults}
        faults |= (misfits := dict(_find_misfits(table, rows_of)))
        sound = {name: rows for name, rows in rows_of.items() if name not in misfits}
        if sound:
            faults |= _find_faulty(con, table, sound, rules=rules)
    return faults


def _find_misfits(table: str, rows_of: RowsOf) -> Iterator[tuple[str, TableError]]:
    """Yield the customers whose rows have other columns or types than the table."""
    for name, rows in rows_of.items():
        try:
            layout, _ = rows_layout(table, rows)
            rows_table(table, layout, rows)
        except TableError as error:
            yield name, error


def _find_faulty(
    con: duckdb.DuckDBPyConnection, table: str, rows_of: RowsOf, *, rules: Rules
) -> dict[str, TableError]:
    """Return the first fault of each customer's rows, by customer."""
    rows = list(chain.from_iterable(rows_of.values()))
    layout, _ = rows_layout(table, rows)
    staging = stage_rows(con, table, rows, layout=layout, rules=rules)
    places = [
        (name, number) for name, own in rows_of.items() for number in range(len(own))
    ]
    first: dict[str, tuple[int, int]] = {}
    faults = staging.faults
    reasons = [fault.reason for fault in faults]
    for number, at in _read(staging, FAULT, where=f"{FAULT} IS NOT NULL"):
        name, row = places[at - 1]
        if reasons[number] != ALLOWED:
            first[name] = min(first.get(name, (number, row)), (number, row))
    if "currency" in layout.theirs:
        where = f"{FAULT} IS NULL AND currency IS NOT NULL"
        used = [
            (value, places[at - 1])
            for value, at in _read(staging, "currency", where=where)
        ]
        for name, row in _find_other_currencies(used):
            first.setdefault(name, (reasons.index("other_currency"), row))
    return {
        name: refuse_row(
            table,
            row + 1,
            reason=faults[number].reason,
            column=faults[number].column,
        )
        for name, (number, row) in first.items()
    }


def _read(staging: Staging, column: str, *, where: str) -> list[tuple[Any, int]]:
    """Return a column, with the number of its row, of some rows."""
    return staging.con.execute(
        f"SELECT {column}, {AT} FROM {staging.name} WHERE {where} ORDER BY {AT}"
    ).fetchall()


def _find_other_currencies(
    used: Sequence[tuple[str, tuple[str, int]]],
) -> Iterator[tuple[str, int]]:
    """Yield the rows that are not in the currency of most rows of their customer."""
    counts: dict[str, Counter[str]] = {}
    for currency, (name, _) in used:
        counts.setdefault(name, Counter())[currency] += 1
    usual = {name: min(own, key=partial(_rank, own)) for name, own in counts.items()}
    for currency, (name, row) in used:
        if currency != usual[name]:
            yield name, row


def _rank(counts: Counter[str], currency: str) -> tuple[int, str]:
    return -counts[currency], currency
