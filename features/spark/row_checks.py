"""Questions over all checked rows of a table on Spark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from features.door.arrow_rows import ARROW_TYPES
from features.door.rows.columns import Column
from features.door.rows.staging import N_EXAMPLES, is_number_sql, number_sql
from features.spark.files import AT, FILE
from features.spark.workers import ROWS, on_batches

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FAULT, GIVEN = "door_fault", "door_given"
"""The columns of a checked row besides ours, its file and its number."""


def place_of(columns: Sequence[Column], name: str) -> str:
    """Return what a column is called among those of a checked row."""
    return f"v{[column.name for column in columns].index(name)}"


def usual_value(sound: DataFrame, name: str) -> str | None:
    """Return the most common value."""
    from pyspark.sql import functions as sf

    counts = sound.where(sf.col(name).isNotNull()).groupBy(name).count()
    row = counts.orderBy(sf.desc("count"), sf.asc(name)).first()
    return None if row is None else str(row[0])


def numbers_among(
    checked: DataFrame, columns: Sequence[Column], names: frozenset[str]
) -> frozenset[str]:
    """Return the text attributes whose every value is a number, or true or false."""
    if not names:
        return frozenset()
    attributes = sorted(names)
    tests = ", ".join(
        f"bool_and({is_number_sql(place_of(columns, name))})" for name in attributes
    )
    schema = pa.schema([(f"n{at}", pa.bool_()) for at in range(len(attributes))])
    sound = f"SELECT {tests} FROM {ROWS} WHERE {FAULT} IS NULL"
    answers = on_batches(checked, sound, schema).collect()
    results = {
        name: [row[at] for row in answers if row[at] is not None]
        for at, name in enumerate(attributes)
    }
    return frozenset(
        name for name, answers_of in results.items() if answers_of and all(answers_of)
    )


def accepted_rows(
    settled: DataFrame, columns: Sequence[Column], numbers: frozenset[str]
) -> DataFrame:
    """Return the rows without fault, with our columns."""
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
                (place, pa.float64() if c.name in numbers else ARROW_TYPES[c.kind])
                for place, c in zip(places, columns, strict=True)
            ]
        )
        sound = on_batches(sound.select(places), f"SELECT {sql} FROM {ROWS}", schema)
    return sound.select(places).toDF(*names)


def list_examples(settled: DataFrame) -> list[tuple[int, str | None, int, int]]:
    """Return the first few rows of each fault: fault, value, file, row."""
    from pyspark.sql import Window
    from pyspark.sql import functions as sf

    first = Window.partitionBy(FAULT).orderBy(FILE, AT)
    rows = (
        settled.where(sf.col(FAULT).isNotNull())
        .withColumn("n", sf.row_number().over(first))
        .where(sf.col("n") <= N_EXAMPLES)
        .orderBy(FAULT, FILE, AT)
        .select(FAULT, GIVEN, FILE, AT)
        .collect()
    )
    return [tuple(row) for row in rows]
