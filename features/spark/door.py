"""The door on Spark: each row is judged on a worker, by the rules of a single machine.

What is found among all rows (the currency that most are in, the last row of a customer)
Spark finds. The report is the one that a single machine writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa

from features.casts import SQL_TYPES
from features.columns import OPEN_TABLE, TABLES, Column, Kind, check_mapping
from features.faults import Fault, Rules, classify_sql, list_faults
from features.files import find_files
from features.layout import Layout, lay_out, number_attributes
from features.log import EPOCH, open_database
from features.plan import to_naive_utc
from features.readers import OpenFile, open_file
from features.reading import check_any_accepted
from features.reports import RejectedRow, TableReport, count_reasons
from features.spark.files import Cells, read_cells
from features.spark.log import SparkLog
from features.spark.workers import ROWS, on_batches
from features.staging import N_EXAMPLES, is_number_sql, number_sql, printable
from features.tables import LogSource, TableSource

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ARROW = {
    "VARCHAR": pa.string(),
    "DOUBLE": pa.float64(),
    "TIMESTAMP": pa.timestamp("us"),
}
SPARK = {"VARCHAR": "string", "DOUBLE": "double", "TIMESTAMP": "timestamp_ntz"}
FAULT, GIVEN, FILE, AT = "door_fault", "door_given", "door_file", "door_at"


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
    for table, each in source.tables.items():
        check_mapping(table, each.columns)
    rules = Rules(to_naive_utc(now), source.not_products)
    prefix = f"regulars_{uuid4().hex[:8]}_"
    views = {table: f"{prefix}{table}" for table in TABLES}
    held: list[DataFrame] = []
    reports = {}
    for table, each in source.tables.items():
        door = _Door(spark, table, rules)
        reports[table], accepted = door.read(each, held)
        accepted.createOrReplaceTempView(views[table])
    for table in TABLES:
        if table not in reports:
            _empty(spark, table).createOrReplaceTempView(views[table])
    log = SparkLog(
        spark=spark,
        prefix=prefix,
        views=views,
        reports=reports,
        present={
            table: frozenset(reports[table].columns if table in reports else ())
            for table in TABLES
        },
        starts_at=EPOCH,
        ends_at=EPOCH,
        currency=next((r.currency for r in reports.values() if r.currency), None),
        not_products=rules.not_products,
        held=tuple(held),
        owns_session=owns_session,
    )
    starts_at, ends_at = _bounds(log)
    return replace(log, starts_at=starts_at, ends_at=ends_at)


@dataclass(frozen=True, slots=True)
class _Door:
    """One table on its way in."""

    spark: SparkSession
    table: str
    rules: Rules

    def read(
        self, source: TableSource, held: list[DataFrame]
    ) -> tuple[TableReport, DataFrame]:
        """Return what became of the rows, and those that were accepted."""
        with closing(open_database(threads=1)) as con:
            files = [open_file(con, path) for path in find_files(source.path)]
        layout = lay_out(self.table, source.columns, files)
        faults = list_faults(layout.columns, self.rules, {})
        parts = read_cells(self.spark, files, layout.theirs)
        judged = self._judge(parts, layout).persist()
        held.append(judged)
        sure, unsure = number_attributes(layout, files)
        numbers = sure | _numbers_among(judged, layout.columns, unsure)
        settled, currency = self._settle(judged, layout, faults)
        report = self._report(settled, layout, files=files, currency=currency)
        check_any_accepted(report, files)
        return report, _accepted(settled, layout.columns, numbers)

    def _judge(self, parts: Any, layout: Layout) -> DataFrame:
        frames = [
            frame for part in parts for frame in self._judge_part(part, layout.columns)
        ]
        judged = frames[0]
        for frame in frames[1:]:
            judged = judged.unionByName(frame, allowMissingColumns=True)
        return judged

    def _judge_part(self, part: Cells, columns: Sequence[Column]) -> list[DataFrame]:
        from pyspark.sql import functions as sf

        sql = classify_sql(part.relation, columns, self.rules)
        judged = [on_batches(part.frame, sql, _judged_schema(columns))]
        if part.malformed is not None:
            zero = sf.lit(0).cast("int").alias(FAULT)
            judged.append(part.malformed.select(FILE, AT, zero))
        return judged

    def _settle(
        self, judged: DataFrame, layout: Layout, faults: Sequence[Fault]
    ) -> tuple[DataFrame, str | None]:
        """Find the faults that only show among all rows."""
        from pyspark.sql import Window
        from pyspark.sql import functions as sf

        reasons = [fault.reason for fault in faults]
        sound, currency = sf.col(FAULT).isNull(), None

        def set_aside(reason: str, condition: Any) -> DataFrame:
            number = sf.lit(reasons.index(reason)).cast("int")
            fault = sf.when(sound & condition, number).otherwise(sf.col(FAULT))
            return judged.withColumn(FAULT, fault)

        if "currency" in layout.theirs:
            name = _place(layout.columns, "currency")
            currency = _usual(judged.where(sound), name)
            judged = set_aside("other_currency", sf.col(name) != sf.lit(currency))
        if self.table == OPEN_TABLE:
            last = Window.partitionBy(
                _place(layout.columns, "customer_id"), sound
            ).orderBy(sf.desc(FILE), sf.desc(AT))
            judged = judged.withColumn("door_back", sf.row_number().over(last))
            judged = set_aside("duplicate_customer_id", sf.col("door_back") > 1)
        return judged, currency

    def _report(
        self,
        settled: DataFrame,
        layout: Layout,
        *,
        files: Sequence[OpenFile],
        currency: str | None,
    ) -> TableReport:
        counts = {row[0]: row[1] for row in settled.groupBy(FAULT).count().collect()}
        faults = list_faults(layout.columns, self.rules, {})
        rejected = count_reasons(
            (faults[fault].reason, n)
            for fault, n in counts.items()
            if fault is not None
        )
        return TableReport(
            table=self.table,
            files=tuple(str(file.path) for file in files),
            rows_in=sum(counts.values()),
            rows_accepted=counts.get(None, 0),
            rejected=rejected,
            examples=_examples(settled, faults, files) if rejected else (),
            columns=tuple(c.name for c in layout.columns if c.name in layout.theirs),
            unused=layout.unused,
            currency=currency,
        )


def _place(columns: Sequence[Column], name: str) -> str:
    return f"v{[column.name for column in columns].index(name)}"


def _judged_schema(columns: Sequence[Column]) -> pa.Schema:
    ours = [(f"v{at}", ARROW[SQL_TYPES[c.kind]]) for at, c in enumerate(columns)]
    return pa.schema(
        [
            *ours,
            (FAULT, pa.int32()),
            (GIVEN, pa.string()),
            (FILE, pa.int32()),
            (AT, pa.int64()),
        ]
    )


def _usual(sound: DataFrame, name: str) -> str | None:
    """Return the most common value."""
    from pyspark.sql import functions as sf

    counts = sound.where(sf.col(name).isNotNull()).groupBy(name).count()
    row = counts.orderBy(sf.desc("count"), sf.asc(name)).first()
    return None if row is None else str(row[0])


def _numbers_among(
    judged: DataFrame, columns: Sequence[Column], names: frozenset[str]
) -> frozenset[str]:
    """Return the text attributes whose every value is a number, or true or false."""
    if not names:
        return frozenset()
    asked = sorted(names)
    tests = ", ".join(
        f"bool_and({is_number_sql(_place(columns, name))})" for name in asked
    )
    schema = pa.schema([(f"n{at}", pa.bool_()) for at in range(len(asked))])
    sound = f"SELECT {tests} FROM {ROWS} WHERE {FAULT} IS NULL"
    answers = on_batches(judged, sound, schema).collect()
    found = {
        name: [row[at] for row in answers if row[at] is not None]
        for at, name in enumerate(asked)
    }
    return frozenset(name for name, told in found.items() if told and all(told))


def _accepted(
    settled: DataFrame, columns: Sequence[Column], numbers: frozenset[str]
) -> DataFrame:
    """Return the rows without fault as our table holds them."""
    from pyspark.sql import functions as sf

    sound = settled.where(sf.col(FAULT).isNull())
    names = [column.name for column in columns]
    places = [f"v{at}" for at in range(len(columns))]
    if numbers:
        sql = ", ".join(
            number_sql(place) if name in numbers else place
            for name, place in zip(names, places, strict=True)
        )
        schema = pa.schema(
            [
                (place, pa.float64() if c.name in numbers else ARROW[SQL_TYPES[c.kind]])
                for place, c in zip(places, columns, strict=True)
            ]
        )
        sound = on_batches(sound.select(places), f"SELECT {sql} FROM {ROWS}", schema)
    return sound.select(places).toDF(*names)


def _examples(
    settled: DataFrame, faults: Sequence[Fault], files: Sequence[OpenFile]
) -> tuple[RejectedRow, ...]:
    from pyspark.sql import Window
    from pyspark.sql import functions as sf

    first = Window.partitionBy(FAULT).orderBy(FILE, AT)
    rows = (
        settled.where(sf.col(FAULT).isNotNull())
        .select(FAULT, GIVEN, FILE, AT)
        .withColumn("n", sf.row_number().over(first))
        .where(sf.col("n") <= N_EXAMPLES)
        .orderBy(FAULT, FILE, AT)
        .collect()
    )
    return tuple(
        RejectedRow(
            file=str(files[row[FILE]].path),
            row=row[AT],
            reason=faults[row[FAULT]].reason,
            column=faults[row[FAULT]].column,
            given=row[GIVEN] and printable(row[GIVEN]),
        )
        for row in rows
    )


def _empty(spark: SparkSession, table: str) -> DataFrame:
    columns = ", ".join(
        f"`{column.name}` {SPARK[SQL_TYPES[column.kind]]}"
        for column in TABLES[table]
        if column.kind is not Kind.ATTRIBUTE
    )
    return spark.createDataFrame([], columns)


def _bounds(log: SparkLog) -> tuple[datetime, datetime]:
    ((first, last, other),) = log.con.execute(
        "select (select min(occurred_at) from transactions),"
        " (select max(occurred_at) from transactions),"
        " (select max(occurred_at) from interactions)"
    ).fetchall()
    last = max(each for each in (last, other) if each is not None)
    day = datetime(last.year, last.month, last.day, tzinfo=UTC)
    return first.replace(tzinfo=UTC), day + timedelta(days=1)
