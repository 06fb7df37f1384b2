"""A few scores as JSON, written by Python.

The rows of a run are written by DuckDB and Arrow (``around_rank``), which need as long
to start as Python takes for some dozens of customers. Both write the same values.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from features.errors import DataError
from models.score.schema import SCORE_SCHEMA


def score_bodies(scored: pa.Table) -> list[str]:
    """Return each score as a JSON object with the names of ``SCORE_SCHEMA``.

    Raises
    ------
    DataError
        If the table is not one of scores, or holds what cannot be served.
    """
    check_columns(scored)
    return [_dump(row) for row in scored.to_pylist()]


def _dump(row: dict[str, Any]) -> str:
    try:
        return _write(row)
    except ValueError:  # a number that JSON does not know
        return _write(_plain(row))


def read_body(body: str) -> pa.Table:
    """Return a score that was written as JSON as a table of one row."""
    row = json.loads(body)
    row["as_of"] = datetime.fromisoformat(row["as_of"])
    if row["next_order_on"] is not None:
        row["next_order_on"] = date.fromisoformat(row["next_order_on"])
    return pa.Table.from_pylist([row], schema=SCORE_SCHEMA)


def check_columns(scored: pa.Table) -> None:
    """Refuse a table that is not one of scores.

    Raises
    ------
    DataError
        If a column is missing, of another type, in another place or too much.
    """
    if not scored.schema.equals(SCORE_SCHEMA):
        raise DataError(
            f"The table has the columns {', '.join(scored.schema.names)}.",
            needed=f"Those of a score, in order: {', '.join(SCORE_SCHEMA.names)}.",
        )


def rfc3339(instant: datetime) -> str:
    """Return an instant as text in UTC.

    >>> rfc3339(datetime(2011, 12, 10, tzinfo=UTC))
    '2011-12-10T00:00:00Z'
    """
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    """Return JSON values: NaN, which JSON does not know, is null."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    return value.isoformat() if isinstance(value, date) else value


def _day(value: object) -> str:
    """Return an instant or a day as JSON has it."""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value))


_write = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_day
).encode


def _number(value: float) -> float | None:
    if math.isinf(value):
        raise DataError("A score holds an infinite number.", needed="Finite ones.")
    return None if math.isnan(value) else value
