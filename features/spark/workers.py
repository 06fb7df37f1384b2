"""Queries on the workers: DuckDB runs them, on one batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from features.door.database import scratch_database

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ROWS = "door_cells"
"""The table that a query on the workers reads from."""


@dataclass(frozen=True, slots=True)
class BatchQuery:
    """A query that is run on each batch alone.

    Parameters
    ----------
    sql : str
        In DuckDB's dialect, over ``ROWS``.
    schema : Schema
        Of its result, by position.
    """

    sql: str
    schema: pa.Schema

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Answer for each batch."""
        with scratch_database() as con:
            for batch in batches:
                con.register(ROWS, pa.Table.from_batches([batch]))
                answer = con.sql(self.sql).to_arrow_table()
                con.unregister(ROWS)
                named = answer.rename_columns(self.schema.names)
                yield from named.cast(self.schema).to_batches()


def on_batches(frame: DataFrame, sql: str, schema: pa.Schema) -> DataFrame:
    """Run a query of DuckDB's on every batch of a frame.

    The rules of the door depend on how DuckDB parses numbers and instants. The workers
    run DuckDB too, so that each row is checked exactly as on one machine.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    types = from_arrow_schema(schema, prefer_timestamp_ntz=True)
    return frame.mapInArrow(BatchQuery(sql, schema), types)
