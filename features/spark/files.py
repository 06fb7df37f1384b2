"""Read a table's files on Spark: the cells, and the file and row of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa

from features.door.files.csv_files import ROW, CsvFile, read_rows
from features.door.files.parquet import OpenFile, by_schema
from features.door.rows.casts import Family, family_of, quote_name
from features.door.rows.faults import Relation
from features.spark.workers import ROWS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

FILE, AT = "door_file", "door_at"


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows of some files of one schema, as they were read.

    Parameters
    ----------
    frame : DataFrame
    relation : Relation
        Where our columns are in it.
    malformed : DataFrame or None
        ``door_file`` and ``door_at`` of records that could not be parsed.
    """

    frame: DataFrame
    relation: Relation
    malformed: DataFrame | None = None


def read_cells(
    spark: SparkSession, files: Sequence[OpenFile], theirs: Mapping[str, str]
) -> Iterator[Cells]:
    """Read all files: Parquet on the workers, CSV here."""
    for number, file in enumerate(files):
        if file.csv is not None:
            yield _read_csv(spark, file.csv, theirs, number=number)
    for group in by_schema(dict(enumerate(files))):
        yield _read_parquet(spark, group, theirs)


def _read_csv(
    spark: SparkSession, file: CsvFile, theirs: Mapping[str, str], *, number: int
) -> Cells:
    """Read a CSV file here, as on one machine, and send its rows to Spark."""
    positions = file.find_positions(theirs)
    chunks = list(read_rows(file, list(positions.values())))
    names = [f"c{at}" for at in range(len(positions))]
    schema = pa.schema([*((name, pa.string()) for name in names), (AT, pa.int64())])
    tables = [
        chunk.cells.select([*map(str, positions.values()), ROW])
        .rename_columns(schema.names)
        .cast(schema)
        for chunk in chunks
    ]
    lines = [line for chunk in chunks for line in chunk.malformed]
    malformed = pa.table(
        {FILE: pa.array([number] * len(lines), pa.int32()), AT: pa.array(lines)}
    )
    return Cells(
        spark.createDataFrame(pa.concat_tables([schema.empty_table(), *tables])),
        _relation(dict(zip(positions, names, strict=True)), {}, file=str(number)),
        spark.createDataFrame(malformed) if lines else None,
    )


def _read_parquet(
    spark: SparkSession, group: Mapping[int, OpenFile], theirs: Mapping[str, str]
) -> Cells:
    from pyspark.sql import functions as sf

    types = next(iter(group.values())).columns
    ours = [name for name in theirs if theirs[name] in types]
    names = {name: f"c{at}" for at, name in enumerate(ours)}
    read = spark.read.parquet(*(_escape(file.path) for file in group.values()))
    numbers = {str(file.path.resolve()): number for number, file in group.items()}
    cells = [
        _cell(theirs[name], types[theirs[name]]).alias(alias)
        for name, alias in names.items()
    ]
    at = (sf.col("_metadata.row_index") + 1).alias(AT)
    frame = read.select(*cells, _file_number(read, numbers).alias(FILE), at)
    return Cells(
        frame,
        _relation(names, {name: types[theirs[name]] for name in ours}, file=FILE),
    )


def _file_number(read: DataFrame, numbers: Mapping[str, int]) -> Column:
    """Return the number of the file that a row comes from."""
    from pyspark.sql import functions as sf

    if len(numbers) == 1:
        return sf.lit(next(iter(numbers.values()))).cast("int")
    number_of_path = []
    for uri in read.inputFiles():
        plain = re.sub("^file:/+", "/", uri)
        number_of_path += [
            sf.lit(plain),
            sf.lit(numbers[str(Path(unquote(plain)).resolve())]),
        ]
    path = sf.regexp_replace(sf.col("_metadata.file_path"), "^file:/+", "/")
    return sf.create_map(*number_of_path)[path].cast("int")


def _cell(name: str, sql_type: str) -> Column:
    """Return a column as DuckDB would have read it."""
    from pyspark.sql import functions as sf

    column = sf.col("`" + name.replace("`", "``") + "`")
    if sql_type == "UUID":
        digits = sf.lower(sf.hex(column))
        parts = "(.{8})(.{4})(.{4})(.{4})(.{12})"
        return sf.regexp_replace(digits, parts, "$1-$2-$3-$4-$5")
    if sql_type == "TIMESTAMP_NS":
        column = sf.timestamp_micros(sf.floor(column / sf.lit(1000)).cast("bigint"))
    if family_of(sql_type) is Family.TIMESTAMP:
        return column.cast("timestamp_ntz")
    return column


def _relation(
    names: Mapping[str, str], types: Mapping[str, str], *, file: str
) -> Relation:
    columns = {
        ours: (quote_name(name), types.get(ours, "VARCHAR"))
        for ours, name in names.items()
    }
    return Relation(sql=ROWS, columns=columns, file=file, row=AT)


def _escape(path: Path) -> str:
    """Escape a path so that Spark does not take it for a glob."""
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", str(path.resolve()))
