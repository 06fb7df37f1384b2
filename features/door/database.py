"""Databases in memory, which fetch nothing and compute in UTC."""

from __future__ import annotations

import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    import duckdb


def open_database(
    *, memory_limit: str | None = None, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open an empty database in memory that fetches nothing and computes in UTC.

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


def scratch_database() -> duckdb.DuckDBPyConnection:
    """Open a cursor of this process's database in memory, which reads no files.

    Cursors do not see each other's temporary tables and registered tables. Opening one
    is much cheaper than opening a database; close it after use.
    """
    return _scratch_database(os.getpid()).cursor()


@lru_cache(maxsize=1)
def _scratch_database(process: int) -> duckdb.DuckDBPyConnection:
    """Open the database once a process: a forked one must not share its parent's."""
    con = open_database(threads=1)
    close_files(con)
    return con


def close_files(con: duckdb.DuckDBPyConnection) -> None:
    """Deny a database access to files for good; it can still spill to disk."""
    con.execute("SET enable_external_access = false")
