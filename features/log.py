"""The log once it is through the door: three tables in DuckDB, and what was read."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from uuid import uuid4

import duckdb

from features.casts import SQL_TYPES, quote_name
from features.columns import TABLES
from features.reports import TableReport

EPOCH = datetime.fromtimestamp(0, UTC)
"""Where a log without rows starts and ends."""


@dataclass(frozen=True, slots=True)
class Log:
    """``transactions``, ``interactions`` and ``customers``, each with all its columns.

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
        The first transaction, UTC.
    ends_at : datetime
        The first midnight UTC after the last transaction or interaction.
    currency : str or None
        What the amounts are in, where the log says.
    not_products : tuple of str
        Product ids whose rows were set aside.
    """

    con: duckdb.DuckDBPyConnection
    reports: Mapping[str, TableReport]
    present: Mapping[str, frozenset[str]]
    starts_at: datetime
    ends_at: datetime
    currency: str | None = None
    not_products: tuple[str, ...] = ()

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
) -> Log:
    """Add the tables that are lacking, and find out when the log starts and ends."""
    for table in TABLES:
        if table not in reports:
            columns = ", ".join(
                f"{quote_name(column.name)} {SQL_TYPES[column.kind]}"
                for column in TABLES[table]
            )
            con.execute(f"CREATE TEMP TABLE {table} ({columns})")
    starts_at, ends_at = _bounds(con)
    return Log(
        con=con,
        reports=reports,
        present={
            table: frozenset(reports[table].columns if table in reports else ())
            for table in TABLES
        },
        starts_at=starts_at,
        ends_at=ends_at,
        currency=reports["transactions"].currency if reports else None,
        not_products=not_products,
    )


def _bounds(con: duckdb.DuckDBPyConnection) -> tuple[datetime, datetime]:
    [(first, last)] = con.execute(
        "SELECT (SELECT min(occurred_at) FROM transactions),"
        " greatest((SELECT max(occurred_at) FROM transactions),"
        " (SELECT max(occurred_at) FROM interactions))"
    ).fetchall()
    if last is None:
        return EPOCH, EPOCH
    day = datetime(last.year, last.month, last.day, tzinfo=UTC)
    ends_at = day + timedelta(days=1)
    return (first.replace(tzinfo=UTC) if first else ends_at), ends_at
