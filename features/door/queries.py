"""What answers queries in DuckDB's dialect: its connection, or Spark."""

from __future__ import annotations

from typing import Any, Protocol

import pyarrow as pa


class Answer(Protocol):
    """What a query gives."""

    def fetchall(self) -> list[Any]:
        """Return all rows."""

    def to_arrow_table(self) -> pa.Table:
        """Return all rows as a table, instants without an offset."""


class Queries(Protocol):
    """What answers queries in DuckDB's dialect."""

    def execute(self, query: str, parameters: Any = ..., /) -> Answer:
        """Run a query, or describe a table."""

    def sql(self, query: str, /, *, params: Any = ...) -> Answer:
        """Run a query."""

    def register(self, name: str, table: Any, /) -> Any:
        """Have queries read a table of this process."""

    def unregister(self, name: str, /) -> Any:
        """Take a table of this process away."""
