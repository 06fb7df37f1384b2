"""Open the log that the settings name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from features.errors import ConfigError
from features.tables import LogSource, TableSource, read_log

if TYPE_CHECKING:
    from features.tables import Log
    from regulars.settings import Settings


def open_log(settings: Settings) -> Log:
    """Read the log.

    Raises
    ------
    ConfigError
        If no purchases are named.
    TableError
        If a file cannot be read as its table.
    """
    return read_log(log_source(settings), now=datetime.now(UTC))


def log_source(settings: Settings) -> LogSource:
    """Say where each table is and what its columns are called."""
    data = settings.data
    tables = {
        name: TableSource(path, getattr(data.columns, name))
        for name in ("interactions", "customers")
        if (path := getattr(data, name)) is not None
    }
    if data.transactions is None:
        raise ConfigError(
            f"{settings.path} does not say where the purchases are.",
            needed="[data] transactions, a path or glob of Parquet or CSV files.",
            todo="Add it, or let `regulars init FILE` write a config.",
        )
    return LogSource(
        transactions=TableSource(data.transactions, data.columns.transactions),
        not_products=data.not_products,
        **tables,
    )


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
