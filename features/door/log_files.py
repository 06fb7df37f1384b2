"""Read a log: its tables come from files, or from rows already in memory.

Each row is accepted, or set aside for one reason, the first that
``features.door.rows.faults`` finds; ``rows_in == rows_accepted +
sum(rejected.values())``. In CSV a record is a row: blank lines are ignored, and one
with more or fewer cells than the header, or with a quote left open, is
``malformed_row`` and consumes one line. Text is trimmed, and words such as NULL mean
nothing. Instants are ISO 8601, in UTC where they have no offset; numbers have
a decimal point. Nothing is guessed.

A whole file or table is refused if it is empty, has no header or no rows, lacks a
needed or mapped column, has a used column twice or of a wrong type, is not UTF-8, is
damaged or not a table at all, or if no row of the table is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from features.door.arrow_rows import rows_layout
from features.door.bounds import TRANSACTIONS
from features.door.cache import ReadCache
from features.door.database import close_files, open_database, scratch_database
from features.door.log import Log, make_log
from features.door.row_faults import (
    ALLOWED,
    RowsOf,
    find_row_faults,
    refuse_row,
    stage_rows,
)
from features.door.rows.columns import TABLES, check_mapping
from features.door.rows.faults import Rules
from features.door.rows.reports import RejectedRow, TableReport
from features.door.table_reader import read_table, settle
from features.errors import DataError, TableError
from features.instants import to_naive_utc

__all__ = [
    "Log",
    "LogSource",
    "RejectedRow",
    "TableReport",
    "TableSource",
    "find_faulty",
    "log_from_rows",
    "read_log",
]


@dataclass(frozen=True, slots=True)
class TableSource:
    """Where a table comes from.

    Parameters
    ----------
    path : str
        An absolute path or a glob, of Parquet or CSV files.
    columns : mapping
        Our column names to theirs, where they differ.
    """

    path: str
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where a log comes from.

    Parameters
    ----------
    transactions : TableSource or None
        The purchases and returns.
    interactions : TableSource or None
        Whatever else happened.
    customers : TableSource or None
        Attributes of customers.
    subscriptions : TableSource or None
        Contracts.
    not_products : tuple of str
        Values of ``product_id`` that are fees, postage and the like: their rows are
        set aside.
    learnt_from : str
        The table that outcomes are learnt from: the log ends where it does.
    """

    transactions: TableSource | None = None
    interactions: TableSource | None = None
    customers: TableSource | None = None
    subscriptions: TableSource | None = None
    not_products: tuple[str, ...] = ()
    learnt_from: str = TRANSACTIONS

    @property
    def tables(self) -> dict[str, TableSource]:
        """The tables given, by name."""
        sources = {name: getattr(self, name) for name in TABLES}
        return {name: source for name, source in sources.items() if source is not None}


def read_log(
    source: LogSource,
    *,
    now: datetime,
    memory_limit: str | None = None,
    cache: ReadCache | None = None,
) -> Log:
    """Read a log from files.

    Parameters
    ----------
    source : LogSource
        Where the tables are.
    now : datetime
        The present; rows of the future are set aside. UTC if it has no offset.
    memory_limit : str or None
        How much memory DuckDB may take, such as "2GB", before it spills to disk.
    cache : ReadCache or None
        Files that it has are not read again.

    Returns
    -------
    Log
        To be closed by the caller.

    Raises
    ------
    TableError
        If a file or a whole table cannot be used.
    ConfigError
        If a mapping names no column of ours.
    DataError
        If the log fits neither ``memory_limit`` nor the disk.
    """
    for table, table_source in source.tables.items():
        check_mapping(table, table_source.columns)
    rules = Rules(to_naive_utc(now), source.not_products)
    con = open_database(memory_limit=memory_limit)
    try:
        reports = {
            table: read_table(
                con,
                table,
                (table_source.path, table_source.columns),
                rules=rules,
                cache=cache,
            )
            for table, table_source in source.tables.items()
        }
        close_files(con)
        return make_log(
            con,
            reports,
            not_products=rules.not_products,
            learnt_from=source.learnt_from,
            now=rules.now,
        )
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        con.close()
        raise DataError(
            f"The log cannot be held: {str(error).splitlines()[0]}",
            needed="Room for the tables in memory, or on disk for what spills.",
            todo="Raise the memory limit, or free space for temporary files.",
        ) from error
    except OSError as error:
        con.close()
        raise TableError(
            f"{error.filename or 'A file'} cannot be read: {error.strerror}.",
            needed="Files that stay while they are read.",
            todo="Try again.",
        ) from error
    except BaseException:
        con.close()
        raise


def log_from_rows(
    *,
    transactions: Sequence[Mapping[str, Any]] = (),
    interactions: Sequence[Mapping[str, Any]] = (),
    customers: Sequence[Mapping[str, Any]] = (),
    subscriptions: Sequence[Mapping[str, Any]] = (),
    now: datetime,
    not_products: tuple[str, ...] = (),
) -> Log:
    """Make a log of rows that are already checked, for scoring on request.

    Parameters
    ----------
    transactions, interactions, customers, subscriptions : sequence of mapping
        One mapping a row, keyed by our column names: text, numbers and datetimes, UTC
        where they have no offset.
    now : datetime
        The present.
    not_products : tuple of str
        Rows of these products are set aside, as they are in the log.

    Returns
    -------
    Log
        To be closed by the caller. Without rows, its dates mean nothing.

    Raises
    ------
    TableError
        If any other row would be set aside, or holds an unknown column.
    """
    rules = Rules(to_naive_utc(now), not_products)
    rows_by_table = {
        "transactions": transactions,
        "interactions": interactions,
        "customers": customers,
        "subscriptions": subscriptions,
    }
    con = scratch_database()
    try:
        reports = {
            table: _take_rows(con, table, rows, rules=rules)
            for table, rows in rows_by_table.items()
            if rows
        }
        return make_log(con, reports, not_products=rules.not_products, now=rules.now)
    except BaseException:
        con.close()
        raise


def find_faulty(
    tables: Mapping[str, RowsOf], *, now: datetime, not_products: tuple[str, ...] = ()
) -> dict[str, TableError]:
    """Return the customers whose rows ``log_from_rows`` would refuse on their own.

    All are checked in one pass, however many are faulty.

    Parameters
    ----------
    tables : mapping of str to mapping
        Table to customer to rows, each with its ``customer_id``.
    now, not_products
        As there.

    Returns
    -------
    dict of str to TableError
        By customer, the error that it would raise.
    """
    rules = Rules(to_naive_utc(now), not_products)
    with scratch_database() as con:
        return find_row_faults(con, tables, rules=rules)


def _take_rows(
    con: duckdb.DuckDBPyConnection,
    table: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    rules: Rules,
) -> TableReport:
    layout, numbers = rows_layout(table, rows)
    staging = stage_rows(con, table, rows, layout=layout, rules=rules)
    report = settle(staging, layout, [])
    for example in report.examples:
        if example.reason != ALLOWED:
            raise refuse_row(
                table, example.row, reason=example.reason, column=example.column
            )
    staging.publish(numbers=numbers)
    return report
