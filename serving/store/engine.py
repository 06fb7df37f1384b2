"""The connection to the database: SQLite, or PostgreSQL by its URL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from features.errors import ConfigError, StoreError
from serving.store.columns import ColumnCache

BUSY_SECONDS = 10
"""How long one writer waits for another before it gives up."""

POOL = {"pool_size": 20, "max_overflow": 20, "pool_timeout": 5}
"""Connections of one process, and the seconds to wait for a free one."""

STATEMENT_SECONDS = 10
"""PostgreSQL gives up on a statement after so long; a slow store is a failing one."""

PAGE_BYTES = 16_384
"""A score is some 2,700 bytes: of pages of 4,096, a third would stay empty."""

DURABLE = ("synchronous=FULL", "wal_autocheckpoint=1000")
STAGING = ("synchronous=NORMAL", "wal_autocheckpoint=0", "cache_size=-65536")
"""SQLite's settings for what is read, and for many rows that nobody reads yet."""

CHECKPOINT = ("wal_checkpoint(PASSIVE)",)

POSTGRES = "postgresql+psycopg"
URL_HELP = "sqlite:////absolute/path.db or postgresql+psycopg://user@host/database."


class Store:
    """The database of scores, runs and keys.

    Parameters
    ----------
    engine : Engine
        From ``connect``. Most callers want ``open_store`` instead.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.columns = ColumnCache()
        self._reader = engine.execution_options(**_read_options(engine))
        self._writer = engine.execution_options(immediate=True)

    @property
    def is_sqlite(self) -> bool:
        """Tell SQLite from PostgreSQL."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the store throughout.

        Raises
        ------
        StoreError
            If the store cannot be reached or read.
        """
        with self._translated(), self._reader.connect() as con:
            yield con

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that is committed at the end, or undone on any error.

        Raises
        ------
        StoreError
            If the store cannot be reached or written.
        """
        with self._translated(), self._writer.begin() as con:
            yield con

    @contextmanager
    def stage(self) -> Iterator[Connection]:
        """Open a transaction, as ``write`` does, for what nobody reads yet.

        SQLite then does not wait for the disk at each commit. The next ``write`` does,
        and for all before it: what it publishes is on disk, or it is not published.
        Its log grows until ``checkpoint``.

        Raises
        ------
        StoreError
            If the store cannot be reached or written.
        """
        with self._translated(), self._writer.connect() as con:
            self._pragma(con, STAGING)
            try:
                with con.begin():
                    yield con
            finally:
                self._pragma(con, DURABLE)

    def checkpoint(self) -> None:
        """Move SQLite's log into the database, as far as others let it meanwhile.

        Raises
        ------
        StoreError
            If the store cannot be reached or written.
        """
        with self._translated(), self._writer.connect() as con:
            self._pragma(con, CHECKPOINT)

    def open_reader(self) -> sqlite3.Connection | None:
        """Open a connection that only reads, past the pool; None for PostgreSQL.

        A single statement on it sees one state of the store, text comes as bytes, and
        nothing is waited for. Whoever opens it closes it.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        if not self.is_sqlite:
            return None
        path = Path(str(self.engine.url.database)).resolve()
        with self._translated():
            con = sqlite3.connect(
                f"{path.as_uri()}?mode=ro",
                uri=True,
                timeout=0,
                isolation_level=None,
                check_same_thread=False,
            )
        con.text_factory = bytes
        return con

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def _pragma(self, con: Connection, settings: Sequence[str]) -> None:
        """Set what SQLite lets be set only outside of a transaction."""
        driver: Any = con.connection.dbapi_connection
        for setting in settings if self.is_sqlite else ():
            driver.execute(f"PRAGMA {setting}")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        driver = self.engine.dialect.loaded_dbapi
        try:
            yield
        except (SQLAlchemyError, driver.Error) as exc:
            raise StoreError(
                f"The store {address(self.engine.url)} did not answer: {cause(exc)}.",
                needed="A database that is up, reachable and has room.",
                todo="Check it, then try again; what was published before is whole.",
            ) from exc


def connect(url: str) -> Engine:
    """Return an engine for a store's URL; SQLite is put into WAL mode.

    Raises
    ------
    ConfigError
        If the URL is not one of SQLite's file or PostgreSQL.
    StoreError
        If SQLite's file cannot be opened.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql":
        return _connect_postgres(parsed)
    engine = sa.create_engine(
        parsed,
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,
        **POOL,
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    _use_wal(engine)
    return engine


def address(url: URL) -> str:
    """Return a URL that can be shown: without its password."""
    return url.render_as_string(hide_password=True)


def cause(error: BaseException) -> str:
    """Return the driver's own words for an error, without any value.

    PostgreSQL quotes values in the lines after the first, SQLAlchemy in its own.
    """
    orig = getattr(error, "orig", None) or error
    return (str(orig).splitlines() or [type(orig).__name__])[0].rstrip(".")


def _parse(url: str) -> URL:
    try:
        parsed = sa.make_url(url)
    except ArgumentError as exc:
        raise ConfigError(
            "The store's url cannot be read.", needed="An address.", todo=URL_HELP
        ) from exc
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername=POSTGRES)
    is_file = parsed.database not in {None, "", ":memory:"}
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"} and is_file:
        _check_folder(Path(str(parsed.database)))
    elif parsed.drivername != POSTGRES:
        raise ConfigError(
            f"The store's url is {address(parsed)}.",
            needed="A SQLite file or a PostgreSQL database:",
            todo=URL_HELP,
        )
    return parsed


def _check_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise StoreError(
            f"The folder {path.parent} for the store does not exist.",
            needed="A folder that can be written to.",
            todo=f"Create it (mkdir -p {path.parent}) or change store.url.",
        )


def _connect_postgres(url: URL) -> Engine:
    try:
        return sa.create_engine(
            url,
            connect_args={
                "connect_timeout": 5,
                "tcp_user_timeout": 1_000 * STATEMENT_SECONDS,
                "options": f"-c statement_timeout={STATEMENT_SECONDS}s",
            },
            pool_pre_ping=True,
            hide_parameters=True,
            **POOL,
        )
    except ModuleNotFoundError as exc:
        raise StoreError(
            "The store is PostgreSQL, but its driver is not installed.",
            needed="psycopg 3.",
            todo="pip install 'regulars[postgres]'.",
        ) from exc


def _read_options(engine: Engine) -> dict[str, Any]:
    if engine.dialect.name == "sqlite":
        return {}
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:
    """Take over BEGIN from the driver, and hold to keys and durability."""
    dbapi_connection.isolation_level = None
    dbapi_connection.execute("PRAGMA foreign_keys=ON")
    for setting in DURABLE:
        dbapi_connection.execute(f"PRAGMA {setting}")
    dbapi_connection.execute("PRAGMA journal_size_limit=67108864")


def _begin_sqlite(con: Connection) -> None:
    """Begin explicitly: a read sees one snapshot, a write waits for its turn first."""
    immediate = con.get_execution_options().get("immediate", False)
    con.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _use_wal(engine: Engine) -> None:
    """Switch to WAL; SQLite does not wait for another process that does the same."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return _switch_to_wal(engine)
        except (SQLAlchemyError, sqlite3.Error) as exc:
            if "locked" in cause(exc) and time.monotonic() < deadline:
                time.sleep(0.02)
                continue
            raise StoreError(
                f"The store {address(engine.url)} cannot be opened: {cause(exc)}.",
                needed="A SQLite database in a folder that can be written to.",
                todo="Check store.url and the rights of the folder.",
            ) from exc


def _switch_to_wal(engine: Engine) -> None:
    raw = engine.raw_connection()
    try:
        raw.cursor().execute(f"PRAGMA page_size={PAGE_BYTES}")  # of a new file
        raw.cursor().execute("PRAGMA journal_mode=WAL")
    finally:
        raw.close()
