"""The door on Spark: workers check each row by the rules of a single machine.

Faults that only show among all rows (another currency than most, a customer's earlier
row) are found by Spark. The report is the one of a single machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa

from features.door.arrow_rows import ARROW_TYPES
from features.door.bounds import find_bounds
from features.door.database import open_database
from features.door.files.formats import find_files
from features.door.files.parquet import open_file
from features.door.layout import Layout, lay_out, number_attributes
from features.door.log_files import LogSource, TableSource
from features.door.rows.casts import SQL_TYPES
from features.door.rows.columns import OPEN_TABLE, TABLES, Column, Kind, check_mapping
from features.door.rows.faults import Fault, Rules, classify_sql, list_faults
from features.door.rows.reports import TableReport
from features.door.table_reader import check_any_accepted, make_report
from features.instants import to_naive_utc
from features.spark.files import AT, FILE, Cells, read_cells
from features.spark.log import SparkLog, SparkQueries
from features.spark.row_checks import (
    FAULT,
    GIVEN,
    accepted_rows,
    list_examples,
    numbers_among,
    place_of,
    usual_value,
)
from features.spark.workers import on_batches

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SPARK = {"VARCHAR": "string", "DOUBLE": "double", "TIMESTAMP": "timestamp_ntz"}


def read_log_on_spark(
    source: LogSource, *, now: datetime, spark: SparkSession, owns_session: bool = False
) -> SparkLog:
    """Read a log from files that this machine and all workers see.

    Parameters
    ----------
    source : LogSource
    now : datetime
        The present; rows of the future are set aside. UTC if it has no offset.
    spark : SparkSession
        From ``open_session``.
    owns_session : bool
        Whether the log ends the session at its own end.

    Returns
    -------
    SparkLog
        To be closed by the caller.

    Raises
    ------
    TableError, ConfigError
        As ``read_log`` does.
    """
    for table, table_source in source.tables.items():
        check_mapping(table, table_source.columns)
    rules = Rules(to_naive_utc(now), source.not_products)
    prefix = f"regulars_{uuid4().hex[:8]}_"
    views = {table: f"{prefix}{table}" for table in TABLES}
    persisted: list[DataFrame] = []
    reports = {}
    for table, table_source in source.tables.items():
        door = _Door(spark, table, rules)
        reports[table], accepted = door.read(table_source, persisted)
        accepted.createOrReplaceTempView(views[table])
    for table in TABLES:
        if table not in reports:
            _empty(spark, table).createOrReplaceTempView(views[table])
    con = SparkQueries(spark, prefix, views)
    starts_at, ends_at = find_bounds(con, learnt_from=source.learnt_from, now=rules.now)
    return SparkLog(
        con=con,
        reports=reports,
        starts_at=starts_at,
        ends_at=ends_at,
        not_products=rules.not_products,
        persisted=tuple(persisted),
        owns_session=owns_session,
    )


@dataclass(frozen=True, slots=True)
class _Door:
    """The door for one table."""

    spark: SparkSession
    table: str
    rules: Rules

    def read(
        self, source: TableSource, persisted: list[DataFrame]
    ) -> tuple[TableReport, DataFrame]:
        """Return the report, and the accepted rows."""
        with closing(open_database(threads=1)) as con:
            files = [open_file(con, path) for path in find_files(source.path)]
        layout = lay_out(self.table, source.columns, files)
        faults = list_faults(layout.columns, self.rules, {})
        parts = read_cells(self.spark, files, layout.theirs)
        checked = self._check(parts, layout).persist()
        persisted.append(checked)
        sure, unsure = number_attributes(layout, files)
        numbers = sure | numbers_among(checked, layout.columns, unsure)
        settled, currency = self._settle(checked, layout, faults)
        counts = [tuple(row) for row in settled.groupBy(FAULT).count().collect()]
        has_faults = any(fault is not None for fault, _ in counts)
        report = make_report(
            self.table,
            layout,
            counts,
            faults=faults,
            files=[str(file.path) for file in files],
            examples=list_examples(settled) if has_faults else (),
            currency=currency,
        )
        check_any_accepted(report, files)
        return report, accepted_rows(settled, layout.columns, numbers)

    def _check(self, parts: Any, layout: Layout) -> DataFrame:
        frames = [
            frame for part in parts for frame in self._check_part(part, layout.columns)
        ]
        checked = frames[0]
        for frame in frames[1:]:
            checked = checked.unionByName(frame, allowMissingColumns=True)
        return checked

    def _check_part(self, part: Cells, columns: Sequence[Column]) -> list[DataFrame]:
        from pyspark.sql import functions as sf

        sql = classify_sql(part.relation, columns, self.rules)
        checked = [on_batches(part.frame, sql, _checked_schema(columns))]
        if part.malformed is not None:
            zero = sf.lit(0).cast("int").alias(FAULT)
            checked.append(part.malformed.select(FILE, AT, zero))
        return checked

    def _settle(
        self, checked: DataFrame, layout: Layout, faults: Sequence[Fault]
    ) -> tuple[DataFrame, str | None]:
        """Find the faults that only show among all rows."""
        from pyspark.sql import Window
        from pyspark.sql import functions as sf

        reasons = [fault.reason for fault in faults]
        sound, currency = sf.col(FAULT).isNull(), None

        def set_aside(reason: str, condition: Any) -> DataFrame:
            number = sf.lit(reasons.index(reason)).cast("int")
            fault = sf.when(sound & condition, number).otherwise(sf.col(FAULT))
            return checked.withColumn(FAULT, fault)

        if "currency" in layout.theirs:
            name = place_of(layout.columns, "currency")
            currency = usual_value(checked.where(sound), name)
            checked = set_aside("other_currency", sf.col(name) != sf.lit(currency))
        if self.table == OPEN_TABLE:
            last = Window.partitionBy(
                place_of(layout.columns, "customer_id"), sound
            ).orderBy(sf.desc(FILE), sf.desc(AT))
            checked = checked.withColumn("door_back", sf.row_number().over(last))
            checked = set_aside("duplicate_customer_id", sf.col("door_back") > 1)
        return checked, currency


def _checked_schema(columns: Sequence[Column]) -> pa.Schema:
    ours = [(f"v{at}", ARROW_TYPES[c.kind]) for at, c in enumerate(columns)]
    return pa.schema(
        [
            *ours,
            (FAULT, pa.int32()),
            (GIVEN, pa.string()),
            (FILE, pa.int32()),
            (AT, pa.int64()),
        ]
    )


def _empty(spark: SparkSession, table: str) -> DataFrame:
    columns = ", ".join(
        f"`{column.name}` {SPARK[SQL_TYPES[column.kind]]}"
        for column in TABLES[table]
        if column.kind is not Kind.ATTRIBUTE
    )
    return spark.createDataFrame([], columns)
