"""Open the log that the settings name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from features.columns import TABLES
from features.errors import ConfigError
from features.tables import LogSource, TableSource, read_log

if TYPE_CHECKING:
    from features.kept import KeptLog
    from features.tables import Log
    from regulars.settings import Settings


NEEDED = {
    "purchases": ("transactions", "purchases"),
    "subscriptions": ("subscriptions", "contracts"),
    "labels": ("customers", "customers and their attributes"),
}
"""The table that each kind of churn is learnt from, and what is in it."""


def open_log(settings: Settings, *, kept: KeptLog | None = None) -> Log:
    """Read the log; of the files that ``kept`` knows, what it kept.

    Raises
    ------
    ConfigError
        If the table that is learnt from is not named.
    TableError
        If a file cannot be read as its table.
    """
    return read_log(log_source(settings), now=datetime.now(UTC), kept=kept)


def kept_log(settings: Settings, *, full: bool) -> KeptLog:
    """Return what was read before, beside the config."""
    from features.kept import KeptLog

    return KeptLog(settings.path.parent / ".regulars" / "log", full=full)


def log_source(settings: Settings) -> LogSource:
    """Say where each table is and what its columns are called."""
    data = settings.data
    tables = {
        name: TableSource(path, getattr(data.columns, name))
        for name in TABLES
        if (path := getattr(data, name)) is not None
    }
    table, what = NEEDED[settings.model.kind]
    if table not in tables:
        raise ConfigError(
            f"{settings.path} does not say where the {what} are.",
            needed=f"[data] {table}, a path or glob of Parquet or CSV files.",
            todo="Add it, or let `regulars init FILE` write a config.",
        )
    return LogSource(not_products=data.not_products, **tables)


def parse_as_of(text: str | None) -> datetime | None:
    """Return the instant that ``--as-of`` names, None where it is not given.

    Raises
    ------
    ConfigError
        If it is no date.
    """
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as exc:
        raise ConfigError(
            f"--as-of is {text!r}.",
            needed="A date such as 2011-09-10, in UTC.",
            todo="Write it as year-month-day.",
        ) from exc
    if instant.tzinfo is None:
        return instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC)
