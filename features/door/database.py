"""Databases in memory, that fetch nothing and think in UTC."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    import duckdb


def open_database(
    *, memory_limit: str | None = None, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open an empty database in memory that fetches nothing and thinks in UTC.

    What does not fit ``memory_limit`` is spilled to the folder for temporary files.
    """
    import duckdb  # 20 MB, which a server that only looks up does without

    spill = Path(tempfile.gettempdir()) / f"regulars-{uuid4().hex}"
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
        "temp_directory": str(spill),
    }
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    if threads is not None:
        config["threads"] = threads
    con = duckdb.connect(config=config)
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    return con


def close_files(con: duckdb.DuckDBPyConnection) -> None:
    """Keep a database from files for good; it still spills."""
    con.execute("SET enable_external_access = false")
