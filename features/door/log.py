"""The log's accepted tables in DuckDB, and the reports of what was read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import duckdb

from features.door.bounds import TRANSACTIONS, find_bounds
from features.door.database import open_database
from features.door.queries import Queries
from features.door.rows.casts import SQL_TYPES, quote_name, quote_text
from features.door.rows.columns import TABLES
from features.door.rows.reports import TableReport

HASH_MODULUS = 2**64
"""Hashes of rows are added up modulo this."""

ROWS_PER_BATCH = 100_000
"""Rows copied at a time from one database to another."""

N_HASH_VALUES = 1 << 32
"""Number of different hashes of a customer, which decide who is in a sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyLog(ABC):
    """The tables at the door, on this machine or on Spark, each with all its columns.

    A column that was not given is NULL; instants are naive UTC. It is a context
    manager: at its end the tables are gone.

    Parameters
    ----------
    con : Queries
        Where the tables are.
    reports : mapping
        Table to what became of its rows, for the tables that were given.
    starts_at : datetime
        The first transaction, or else the first contract, UTC.
    ends_at : datetime
        The first midnight UTC after the last purchase, or the last change of a
        contract, as ``features.door.bounds`` has it.
    not_products : tuple of str
        Product ids whose rows were set aside.
    sample : (int, int) or None
        How many customers are here, and of how many, where it is a sample of a log.
    """

    con: Queries
    reports: Mapping[str, TableReport]
    starts_at: datetime
    ends_at: datetime
    not_products: tuple[str, ...] = ()
    sample: tuple[int, int] | None = None

    @property
    def present(self) -> dict[str, frozenset[str]]:
        """Table to our columns that were given; none for a table that was not."""
        columns = {table: report.columns for table, report in self.reports.items()}
        return {table: frozenset(columns.get(table, ())) for table in TABLES}

    @property
    def currency(self) -> str | None:
        """What the amounts are in, where the log says."""
        reports = self.reports.values()
        return next((r.currency for r in reports if r.currency), None)

    def copy(
        self,
        *,
        customer_id: str | None = None,
        share: float = 1.0,
        threads: int | None = None,
    ) -> Log:
        """Return a copy on this machine, to be altered without harm.

        Parameters
        ----------
        customer_id : str or None
            Only this customer's rows; None for all.
        share : float
            How many of the customers, drawn by ``share_sql``.
        threads : int or None
            Of the new database; None for as many as there are cores.

        Returns
        -------
        Log
            To be closed by the caller.
        """
        con = open_database(threads=threads)
        condition = share_sql(share)
        if customer_id is not None:
            condition += f" and customer_id = {quote_text(customer_id)}"
        try:
            for table in TABLES:
                query = f"select * from {table} where {condition}"
                con.register("copied_rows", self._read(query))
                con.execute(f"create table {table} as select * from copied_rows")
                con.unregister("copied_rows")
        except BaseException:
            con.close()
            raise
        return Log(
            con=con,
            reports=self.reports,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            not_products=self.not_products,
            sample=self.sample,
        )

    @abstractmethod
    def _read(self, query: str) -> Any:
        """Return the rows of a query as Arrow."""

    @abstractmethod
    def hash_rows(
        self, table: str, columns: str, *, where: str, as_of: datetime
    ) -> tuple[int, int]:
        """Count the rows that meet a condition, and hash them whatever their order.

        Parameters
        ----------
        table, columns : str
            What is hashed of each row ``t``.
        where : str
            A condition, over the parameter ``$as_of``.
        as_of : datetime
            Naive UTC.
        """

    @abstractmethod
    def close(self) -> None:
        """Let the tables go."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Log(AnyLog):
    """A log on this machine, in a database that reads and writes no files."""

    con: duckdb.DuckDBPyConnection

    def _read(self, query: str) -> Any:
        return self.con.sql(query).to_arrow_reader(ROWS_PER_BATCH)

    def hash_rows(
        self, table: str, columns: str, *, where: str, as_of: datetime
    ) -> tuple[int, int]:
        """Count and hash the rows in one query."""
        [(n_rows, mixed)] = self.con.execute(
            f"select count(*), {hash_sql(columns)} % {HASH_MODULUS}"
            f" from {table} t where {where}",
            {"as_of": as_of},
        ).fetchall()
        return int(n_rows), int(mixed)

    def close(self) -> None:
        """Let the tables go."""
        self.con.close()


def share_sql(share: float) -> str:
    """Return the condition for a customer to be in a sample, the same in any engine.

    Who is in a small sample is in every larger one.

    Examples
    --------
    >>> share_sql(0.5)
    "substring(md5(customer_id), 1, 8) < '80000000'"
    >>> share_sql(1)
    'true'
    """
    bound = round(share * N_HASH_VALUES)
    if bound >= N_HASH_VALUES:
        return "true"
    return f"substring(md5(customer_id), 1, 8) < '{bound:08x}'"


def hash_sql(columns: str) -> str:
    """Return the sum of the hashes of rows, which does not depend on their order."""
    return f"coalesce(sum(hash({columns})::hugeint), 0)"


def make_log(
    con: duckdb.DuckDBPyConnection,
    reports: Mapping[str, TableReport],
    *,
    not_products: tuple[str, ...] = (),
    learnt_from: str = TRANSACTIONS,
    now: datetime | None = None,
) -> Log:
    """Add the missing tables as empty ones, and find when the log starts and ends."""
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
        starts_at=starts_at,
        ends_at=ends_at,
        not_products=not_products,
    )
