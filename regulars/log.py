"""Open the log that the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from features.door.log_files import Log, LogSource, TableSource, read_log
from features.door.rows.columns import TABLES
from features.door.sample import count_buyers, take_sample
from features.errors import ConfigError
from features.spark.log import SparkLog
from models.kind import KINDS

if TYPE_CHECKING:
    from features.door.cache import ReadCache
    from features.door.log import AnyLog
    from regulars.settings.settings import Settings

SPARK = "spark"

OpenedLog = Log | SparkLog
"""A log on this machine, or on Spark."""


def open_log(settings: Settings, *, cache: ReadCache | None = None) -> OpenedLog:
    """Read the log; of the files that ``cache`` has, what is cached.

    Spark reads all of them, and keeps nothing between runs.

    Raises
    ------
    ConfigError
        If the table that is learnt from is not named.
    TableError
        If a file cannot be read as its table.
    DataError
        If Spark does not answer.
    """
    source, now = log_source(settings), datetime.now(UTC)
    if settings.data.engine == SPARK:
        return _open_on_spark(source, settings, now=now)
    return read_log(source, now=now, cache=cache)


def _open_on_spark(source: LogSource, settings: Settings, *, now: datetime) -> SparkLog:
    from features.spark.door import read_log_on_spark
    from features.spark.session import open_session

    if not KINDS[settings.model.kind].is_on_spark:
        raise ConfigError(
            f"model.kind is {settings.model.kind}, and data.engine is spark.",
            needed="On Spark, churn is learnt from purchases.",
            todo='Write [data] engine = "duckdb".',
        )
    spark = open_session(settings.data.spark)
    try:
        return read_log_on_spark(source, now=now, spark=spark, owns_session=True)
    except BaseException:
        spark.stop()
        raise


@contextmanager
def learnt_from(log: AnyLog, settings: Settings) -> Iterator[Log]:
    """Hold a log to learn from: itself, or all rows of some of very many customers."""
    most = settings.data.sample_customers
    if isinstance(log, Log) and count_buyers(log) <= most:
        yield log
        return
    with take_sample(log, most_customers=most) as own:
        yield own


@contextmanager
def open_sample(settings: Settings) -> Iterator[Log]:
    """Read the log, as far as it is learnt from."""
    with open_log(settings) as log, learnt_from(log, settings) as own:
        yield own


def open_read_cache(settings: Settings, *, full: bool) -> ReadCache:
    """Return what was read before, beside the config."""
    from features.door.cache import ReadCache

    return ReadCache(settings.path.parent / ".regulars" / "log", full=full)


def log_source(settings: Settings) -> LogSource:
    """Say where each table is and what its columns are called."""
    data = settings.data
    tables = {
        name: TableSource(path, getattr(data.columns, name))
        for name in TABLES
        if (path := getattr(data, name)) is not None
    }
    kind = KINDS[settings.model.kind]
    if kind.table not in tables:
        raise ConfigError(
            f"{settings.path} does not say where the {kind.contents} are.",
            needed=f"[data] {kind.table}, a path or glob of Parquet or CSV files.",
            todo="Add it, or let `regulars init FILE` write a config.",
        )
    return LogSource(not_products=data.not_products, learnt_from=kind.table, **tables)


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
