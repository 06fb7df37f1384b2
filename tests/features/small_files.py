"""Files made for the tests of the door."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from features.door.log_files import Log, LogSource, TableReport, TableSource, read_log

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HEADER = "customer_id,occurred_at,amount"
GOOD = "c1,2024-05-01,9.50"


def at(text: str) -> datetime:
    """Return an instant as the tables hold it: UTC, without an offset."""
    return datetime.fromisoformat(text)


def write_text(folder: Path, *lines: str, name: str = "log.csv") -> str:
    return write_bytes(folder, "\n".join([*lines, ""]).encode(), name=name)


def write_bytes(folder: Path, content: bytes, *, name: str = "log.csv") -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def write_parquet(
    folder: Path, columns: Mapping[str, Any], *, name: str = "log.parquet"
) -> str:
    path = folder / name
    pq.write_table(pa.table(dict(columns)), path)
    return str(path)


def read_transactions(path: str, **columns: str) -> Log:
    return read_log(LogSource(TableSource(path, columns)), now=NOW)


def report_on(path: str, **columns: str) -> TableReport:
    with read_transactions(path, **columns) as log:
        return log.reports["transactions"]


def rows_of(log: Log, table: str, *columns: str) -> list[tuple[Any, ...]]:
    picked = ", ".join(columns)
    return log.con.execute(f"SELECT {picked} FROM {table} ORDER BY ALL").fetchall()


def schema_of(con: duckdb.DuckDBPyConnection, table: str) -> str:
    described = con.execute(f"DESCRIBE {table}").fetchall()
    return ", ".join(f"{row[0]} {row[1]}" for row in described)


SALE = {"customer_id": "c1", "occurred_at": at("2024-05-01"), "amount": 9.5}
