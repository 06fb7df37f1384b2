"""Stage the rows of files, each file by its own columns."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from features.door.files.csv_files import ROW, CsvFile, read_rows
from features.door.files.parquet import (
    OpenFile,
    by_schema,
    count_parquet_rows,
    parquet_relation,
    unreadable,
)
from features.door.rows.casts import quote_name
from features.door.rows.faults import Relation
from features.door.rows.staging import Staging
from features.errors import TableError


def stage_files(
    staging: Staging, files: Mapping[int, OpenFile], theirs: Mapping[str, str]
) -> None:
    """Stage the rows of files, each under its number.

    Raises
    ------
    TableError
        If a file turns out to be damaged, or changes while it is read.
    """
    for number, file in files.items():
        if file.csv is not None:
            _stage_csv(staging, file.csv, theirs, number=number)
    for group in by_schema(files):
        try:
            _stage_parquet(staging, group, theirs)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error:
            _refuse_damaged(staging.con, group)
            raise


def _stage_csv(
    staging: Staging, file: CsvFile, theirs: Mapping[str, str], *, number: int
) -> None:
    positions = file.find_positions(theirs)
    relation = Relation(
        sql="door_cells",
        columns={
            ours: (quote_name(str(at)), "VARCHAR") for ours, at in positions.items()
        },
        file=str(number),
        row=quote_name(ROW),
    )
    for rows in read_rows(file, list(positions.values())):
        staging.con.register("door_cells", rows.cells)
        staging.add(relation)
        staging.con.unregister("door_cells")
        if rows.malformed:
            staging.add_malformed(rows.malformed, file=number)


def _stage_parquet(
    staging: Staging, group: Mapping[int, OpenFile], theirs: Mapping[str, str]
) -> None:
    n_rows = count_parquet_rows(staging.con, [file.path for file in group.values()])
    if staging.add(parquet_relation(group, theirs)) != n_rows:
        names = ", ".join(str(file.path) for file in group.values())
        raise TableError(
            f"Not all of the {n_rows} rows of {names} were read.",
            needed="Files that do not change while they are read.",
            todo="Try again.",
        )


def _refuse_damaged(
    con: duckdb.DuckDBPyConnection, group: Mapping[int, OpenFile]
) -> None:
    for file in group.values():
        alone = parquet_relation({0: file}, {name: name for name in file.columns})
        counts = ", ".join(f"count(hash({sql}))" for sql, _ in alone.columns.values())
        try:
            con.execute(f"SELECT {counts} FROM {alone.sql}").fetchall()
        except duckdb.Error as error:
            raise unreadable(file.path, error) from error
