"""The log once it is through the door on Spark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from features.door.log import Log
from features.door.rows.reports import TableReport
from features.spark.dialect import to_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ROWS_PER_TASK = 250_000
"""Rows of the log that one task of a shuffle works on."""


@dataclass(frozen=True, slots=True)
class SparkLog:
    """``transactions``, ``interactions`` and ``customers`` as views of a session.

    It says of itself what a ``Log`` does. It is a context manager: at its end the views
    are gone, and the session too if it is its own.

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
    held : tuple of DataFrame
        What is kept on the workers for it.
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
    held: tuple[DataFrame, ...] = field(default=(), repr=False)
    owns_session: bool = False

    @property
    def con(self) -> SparkQueries:
        """What answers queries in DuckDB's dialect."""
        return SparkQueries(self.spark, self.prefix, self.views)

    @property
    def n_tasks(self) -> int:
        """Into how many tasks the log is cut."""
        n_rows = sum(report.rows_accepted for report in self.reports.values())
        return max(2, -(-n_rows // ROWS_PER_TASK))

    def close(self) -> None:
        """Let the tables go."""
        if self.owns_session:
            self.spark.stop()
            return
        for frame in self.held:
            frame.unpersist()
        for view in self.views.values():
            self.spark.catalog.dropTempView(view)

    def __enter__(self) -> SparkLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


AnyLog = Log | SparkLog
"""A log, wherever it is."""


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
        """Have queries read a table of this machine."""
        self.views[name] = f"{self.prefix}{name}"
        self.spark.createDataFrame(table).createOrReplaceTempView(self.views[name])

    def unregister(self, name: str) -> None:
        """Take a table of this machine away."""
        self.spark.catalog.dropTempView(self.views.pop(name))

    def _describe(self, table: str) -> DataFrame:
        found = self.spark.table(self.views[table]).dtypes
        return self.spark.createDataFrame(found, "column_name string, type string")


@dataclass(frozen=True, slots=True)
class SparkAnswer:
    """What a query gives."""

    frame: DataFrame

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows."""
        return [tuple(row) for row in self.frame.collect()]

    def to_arrow_table(self) -> pa.Table:
        """Return all rows, instants without an offset."""
        return self.frame.toArrow()
