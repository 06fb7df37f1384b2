"""Files opened for reading: their columns, and the SQL that reads their rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from features.door.files.csv_files import CsvFile, open_csv
from features.door.files.formats import Format, file_format
from features.door.rows.casts import quote_name, quote_text
from features.door.rows.faults import Relation
from features.errors import TableError


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file whose columns are known.

    Parameters
    ----------
    path : Path
        The file.
    columns : mapping
        Their names to DuckDB types, in order.
    csv : CsvFile or None
        Its delimiter and header, if it is CSV.
    """

    path: Path
    columns: Mapping[str, str]
    csv: CsvFile | None = None


def open_file(con: duckdb.DuckDBPyConnection, path: Path) -> OpenFile:
    """Read the header or schema of a file.

    Raises
    ------
    TableError
        If it is no readable CSV or Parquet file.
    """
    if file_format(path) is Format.CSV:
        csv = open_csv(path)
        return OpenFile(path, dict.fromkeys(csv.header, "VARCHAR"), csv)
    try:
        rows = con.execute(f"DESCRIBE SELECT * FROM {parquet_sql([path])}").fetchall()
    except duckdb.Error as error:
        raise unreadable(path, error) from error
    return OpenFile(path, {str(row[0]): str(row[1]) for row in rows})


def parquet_sql(paths: Iterable[Path]) -> str:
    """Return the table function that reads Parquet files of one schema."""
    return f"read_parquet({_path_list(paths)}, hive_partitioning = false)"


def count_parquet_rows(con: duckdb.DuckDBPyConnection, paths: Iterable[Path]) -> int:
    """Return how many rows the files say they have."""
    rows = con.execute(
        f"SELECT sum(num_rows) FROM parquet_file_metadata({_path_list(paths)})"
    ).fetchall()
    return int(rows[0][0])


def _path_list(paths: Iterable[Path]) -> str:
    """Return a SQL list of paths, none of them to be taken for a glob."""
    escaped = (re.sub(r"([*?\[])", r"[\1]", str(path)) for path in paths)
    return "[" + ", ".join(quote_text(path) for path in escaped) + "]"


def unreadable(path: Path, error: Exception) -> TableError:
    """Return the error for a Parquet file that DuckDB cannot read."""
    return TableError(
        f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}",
        needed="A whole, undamaged file.",
        todo="Write or copy it again.",
    )


def parquet_relation(
    files: Mapping[int, OpenFile], theirs: Mapping[str, str]
) -> Relation:
    """Return the rows of Parquet files that have one schema, numbered as given."""
    schema = next(iter(files.values())).columns
    numbers = ", ".join(str(number) for number in files)
    return Relation(
        sql=parquet_sql([file.path for file in files.values()]),
        columns={
            ours: (quote_name(name), schema[name])
            for ours, name in theirs.items()
            if name in schema
        },
        file=f"list_extract([{numbers}], CAST(file_index + 1 AS BIGINT))",
        row="file_row_number + 1",
    )


def by_schema(files: Mapping[int, OpenFile]) -> Iterator[dict[int, OpenFile]]:
    """Yield the Parquet files in groups of one schema, by their number."""
    groups: dict[tuple[tuple[str, str], ...], dict[int, OpenFile]] = {}
    for number, file in files.items():
        if file.csv is None:
            groups.setdefault(tuple(file.columns.items()), {})[number] = file
    yield from groups.values()
