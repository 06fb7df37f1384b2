"""The protocol of a connection that takes DuckDB's dialect: DuckDB, or Spark."""

from __future__ import annotations

from typing import Any, Protocol

import pyarrow as pa


class Answer(Protocol):
    """The result of a query."""

    def fetchall(self) -> list[Any]:
        """Return all rows."""

    def to_arrow_table(self) -> pa.Table:
        """Return all rows as a table, instants without an offset."""


class Queries(Protocol):
    """A connection that takes queries in DuckDB's dialect."""

    def execute(self, query: str, parameters: Any = ..., /) -> Answer:
        """Run a query, or describe a table."""

    def sql(self, query: str, /, *, params: Any = ...) -> Answer:
        """Run a query."""

    def register(self, name: str, table: Any, /) -> Any:
        """Let queries read a table of this process by name."""

    def unregister(self, name: str, /) -> Any:
        """Undo ``register``."""
