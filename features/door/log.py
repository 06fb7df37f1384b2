"""The log once it is through the door: its tables in DuckDB, and what was read."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from uuid import uuid4

import duckdb

from features.door.bounds import TRANSACTIONS, find_bounds
from features.door.rows.casts import SQL_TYPES, quote_name
from features.door.rows.columns import TABLES
from features.door.rows.reports import TableReport


@dataclass(frozen=True, slots=True)
class Log:
    """The tables at the door, each with all its columns.

    A column that was not given is NULL; instants are naive UTC. It is a context
    manager: at its end the tables are gone.

    Parameters
    ----------
    con : DuckDBPyConnection
        Where the tables are. It reads and writes no files.
    reports : mapping
        Table to what became of its rows, for the tables that were given.
    present : mapping
        Table to our columns that were given; none for a table that was not.
    starts_at : datetime
        The first transaction, or else the first contract, UTC.
    ends_at : datetime
        The first midnight UTC after the last purchase, or the last change of a
        contract, as ``features.door.bounds`` has it.
    currency : str or None
        What the amounts are in, where the log says.
    not_products : tuple of str
        Product ids whose rows were set aside.
    sample : (int, int) or None
        How many customers are here, and of how many, where it is a sample of a log.
    """

    con: duckdb.DuckDBPyConnection
    reports: Mapping[str, TableReport]
    present: Mapping[str, frozenset[str]]
    starts_at: datetime
    ends_at: datetime
    currency: str | None = None
    not_products: tuple[str, ...] = ()
    sample: tuple[int, int] | None = None

    def close(self) -> None:
        """Let the tables go."""
        self.con.close()

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def open_database(
    *, memory_limit: str | None = None, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open an empty database in memory that fetches nothing and thinks in UTC.

    What does not fit ``memory_limit`` is spilled to the folder for temporary files.
    """
    spill = Path(tempfile.gettempdir()) / f"regulars-{uuid4().hex}"
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
        "temp_directory": str(spill),
    }
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    if threads is not None:
        config["threads"] = threads
    con = duckdb.connect(config=config)
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    return con


def close_files(con: duckdb.DuckDBPyConnection) -> None:
    """Keep a database from files for good; it still spills."""
    con.execute("SET enable_external_access = false")


def make_log(
    con: duckdb.DuckDBPyConnection,
    reports: Mapping[str, TableReport],
    *,
    not_products: tuple[str, ...] = (),
    learnt_from: str = TRANSACTIONS,
    now: datetime | None = None,
) -> Log:
    """Add the tables that are lacking, and find out when the log starts and ends."""
    for table in TABLES:
        if table not in reports:
            columns = ", ".join(
                f"{quote_name(column.name)} {SQL_TYPES[column.kind]}"
                for column in TABLES[table]
            )
            con.execute(f"CREATE TEMP TABLE {table} ({columns})")
    starts_at, ends_at = find_bounds(con, learnt_from=learnt_from, now=now)
    return Log(
        con=con,
        reports=reports,
        present={
            table: frozenset(reports[table].columns if table in reports else ())
            for table in TABLES
        },
        starts_at=starts_at,
        ends_at=ends_at,
        currency=next((r.currency for r in reports.values() if r.currency), None),
        not_products=not_products,
    )
