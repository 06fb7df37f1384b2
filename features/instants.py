"""Instants, and the one rule of what an ``as_of`` may see."""

from datetime import UTC, datetime


def to_naive_utc(instant: datetime) -> datetime:
    """Return the instant as the tables hold it: UTC, without an offset."""
    if instant.tzinfo is None:
        return instant
    return instant.astimezone(UTC).replace(tzinfo=None)


def seen_sql(as_of: str = "$as_of", *, at: str = "occurred_at") -> str:
    """Return the condition for a row to be seen: it happened, and was known, before.

    Parameters
    ----------
    as_of : str
        The instant in the query: a parameter or a column.
    at : str
        The column that says when it happened.

    Examples
    --------
    >>> seen_sql()
    'occurred_at < $as_of and (known_at is null or known_at < $as_of)'
    """
    return f"{at} < {as_of} and (known_at is null or known_at < {as_of})"
