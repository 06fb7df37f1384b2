"""A log whose accepted tables are on Spark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from features.door.log import HASH_MODULUS, AnyLog, hash_sql
from features.spark.dialect import to_spark
from features.spark.workers import ROWS, on_batches

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

HASH_SCHEMA = pa.schema([("n_rows", pa.int64()), ("mixed", pa.string())])

ROWS_PER_TASK = 250_000
"""Rows of the log that one task of a shuffle works on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkLog(AnyLog):
    """A log whose tables are views of a session.

    At its end the views are dropped, and the session is stopped if the log owns it.

    Parameters
    ----------
    con : SparkQueries
    persisted : tuple of DataFrame
        The frames that the workers hold for it.
    owns_session : bool
    """

    con: SparkQueries
    persisted: tuple[DataFrame, ...] = field(default=(), repr=False)
    owns_session: bool = False

    @property
    def n_tasks(self) -> int:
        """The number of tasks that the log is split into."""
        n_rows = sum(report.rows_accepted for report in self.reports.values())
        return max(2, -(-n_rows // ROWS_PER_TASK))

    def _read(self, query: str) -> pa.Table:
        return self.con.sql(query).to_arrow_table()

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
        batches = on_batches(self.con.table(table), sql, HASH_SCHEMA)
        rows = batches.collect()
        n_rows = sum(row.n_rows for row in rows)
        return n_rows, sum(int(row.mixed) for row in rows) % HASH_MODULUS

    def close(self) -> None:
        """Release the tables."""
        if self.owns_session:
            self.con.spark.stop()
            return
        for frame in self.persisted:
            frame.unpersist()
        for view in self.con.views.values():
            self.con.spark.catalog.dropTempView(view)


@dataclass(frozen=True, slots=True)
class SparkQueries:
    """Queries in DuckDB's dialect, answered by Spark as DuckDB's connection does."""

    spark: SparkSession
    prefix: str
    views: dict[str, str] = field(repr=False)

    def table(self, name: str) -> DataFrame:
        """Return the rows of a table."""
        return self.spark.table(self.views[name])

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
        types = self.table(table).dtypes
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
