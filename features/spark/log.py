"""A log whose accepted tables are on Spark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
from sqlglot import exp

from features.door.database import open_database
from features.door.log import HASH_MODULUS, Log, hash_sql, share_sql
from features.door.rows.columns import TABLES
from features.door.rows.reports import TableReport
from features.spark.dialect import to_spark
from features.spark.workers import ROWS, on_batches

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

HASH_SCHEMA = pa.schema([("n_rows", pa.int64()), ("mixed", pa.string())])

ROWS_PER_TASK = 250_000
"""Rows of the log that one task of a shuffle works on."""


@dataclass(frozen=True, slots=True)
class SparkLog:
    """``transactions``, ``interactions`` and ``customers`` as views of a session.

    It has the properties of ``Log``. It is a context manager: at its end the views are
    dropped, and the session is stopped if the log owns it.

    Parameters
    ----------
    spark : SparkSession
    prefix : str
        The views' names begin with it.
    views : dict
        Table to view.
    reports : mapping
        Table to what became of its rows, for the tables that were given.
    present : mapping
        Table to our columns that were given; none for a table that was not.
    starts_at, ends_at : datetime
        As of a ``Log``.
    currency : str or None
    not_products : tuple of str
    persisted : tuple of DataFrame
        The frames that the workers hold for it.
    owns_session : bool
    """

    spark: SparkSession
    prefix: str
    views: dict[str, str] = field(repr=False)
    reports: Mapping[str, TableReport]
    present: Mapping[str, frozenset[str]]
    starts_at: datetime
    ends_at: datetime
    currency: str | None = None
    not_products: tuple[str, ...] = ()
    persisted: tuple[DataFrame, ...] = field(default=(), repr=False)
    owns_session: bool = False

    @property
    def con(self) -> SparkQueries:
        """The connection for queries in DuckDB's dialect."""
        return SparkQueries(self.spark, self.prefix, self.views)

    @property
    def n_tasks(self) -> int:
        """The number of tasks that the log is split into."""
        n_rows = sum(report.rows_accepted for report in self.reports.values())
        return max(2, -(-n_rows // ROWS_PER_TASK))

    def copy(
        self,
        *,
        customer_id: str | None = None,
        share: float = 1.0,
        threads: int | None = None,
    ) -> Log:
        """Bring the rows of a share of the customers, or of one of them."""
        condition = share_sql(share)
        if customer_id is not None:
            own_id = exp.Literal.string(customer_id).sql(dialect="spark")
            condition = f"{condition} and customer_id = {own_id}"
        con = open_database(threads=threads)
        try:
            for table in TABLES:
                query = f"select * from {self.views[table]} where {condition}"
                con.register("copied_rows", self.spark.sql(query).toArrow())
                con.execute(f"create table {table} as select * from copied_rows")
                con.unregister("copied_rows")
        except BaseException:
            con.close()
            raise
        return Log(
            con=con,
            reports=self.reports,
            present=self.present,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            currency=self.currency,
            not_products=self.not_products,
        )

    def hash_rows(
        self, table: str, columns: str, *, where: str, as_of: datetime
    ) -> tuple[int, int]:
        """Count the rows that meet a condition, and hash them whatever their order.

        Each batch is hashed by DuckDB on a worker; the sums are added up here.
        """
        sql = (
            f"select count(*), cast({hash_sql(columns)} as varchar) from {ROWS} t"
            f" where {where}"
        ).replace("$as_of", f"timestamp '{as_of.isoformat(' ')}'")
        batches = on_batches(self.spark.table(self.views[table]), sql, HASH_SCHEMA)
        rows = batches.collect()
        n_rows = sum(row.n_rows for row in rows)
        return n_rows, sum(int(row.mixed) for row in rows) % HASH_MODULUS

    def close(self) -> None:
        """Release the tables."""
        if self.owns_session:
            self.spark.stop()
            return
        for frame in self.persisted:
            frame.unpersist()
        for view in self.views.values():
            self.spark.catalog.dropTempView(view)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class SparkQueries:
    """Queries in DuckDB's dialect, answered by Spark as DuckDB's connection does."""

    spark: SparkSession
    prefix: str
    views: dict[str, str]

    def execute(
        self, sql: str, parameters: Mapping[str, object] | None = None
    ) -> SparkAnswer:
        """Run a query, or describe a table."""
        words = sql.split()
        if words[0].lower() == "describe":
            return SparkAnswer(self._describe(words[1]))
        return SparkAnswer(
            self.spark.sql(to_spark(sql, parameters=parameters, views=self.views))
        )

    def sql(self, sql: str, params: Mapping[str, object] | None = None) -> SparkAnswer:
        """Run a query."""
        return self.execute(sql, params)

    def register(self, name: str, table: pa.Table) -> None:
        """Let queries read a table of this machine by name."""
        self.views[name] = f"{self.prefix}{name}"
        self.spark.createDataFrame(table).createOrReplaceTempView(self.views[name])

    def unregister(self, name: str) -> None:
        """Undo ``register``."""
        self.spark.catalog.dropTempView(self.views.pop(name))

    def _describe(self, table: str) -> DataFrame:
        types = self.spark.table(self.views[table]).dtypes
        return self.spark.createDataFrame(types, "column_name string, type string")


@dataclass(frozen=True, slots=True)
class SparkAnswer:
    """The result of a query."""

    frame: DataFrame

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows."""
        return [tuple(row) for row in self.frame.collect()]

    def to_arrow_table(self) -> pa.Table:
        """Return all rows, instants without an offset."""
        return self.frame.toArrow()
