"""When a log starts and ends; its end is the default ``as_of``.

It ends with the events that are predicted: the last purchase, or the last change of a
contract. A contact, a return or a customer dated later does not move the end, as all
customers would then look as if they had stopped buying.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from features.door.queries import Queries

EPOCH = datetime.fromtimestamp(0, UTC)
"""Where a log without rows starts and ends."""

FAR = EPOCH.replace(year=2200, tzinfo=None)
"""Later than any row, where the present is unknown."""

MIN_OVERRUN = timedelta(days=7)
"""How far rows must reach beyond the end to be reported."""

TRANSACTIONS, SUBSCRIPTIONS = "transactions", "subscriptions"


def find_bounds(
    con: Queries, *, learnt_from: str = TRANSACTIONS, now: datetime | None = None
) -> tuple[datetime, datetime]:
    """Return when a log starts, and the first midnight UTC after it ends.

    Parameters
    ----------
    con : DuckDBPyConnection or SparkQueries
    learnt_from : str
        The table that outcomes are learnt from. If it has no end, the end is that of
        purchases, then of contracts; with customers alone it is the last midnight.
    now : datetime or None
        The present, naive UTC.
    """
    [(first, last, last_row)] = con.execute(_PURCHASES).fetchall()
    if first is None or learnt_from == SUBSCRIPTIONS:
        [(began, changed, n_customers)] = con.execute(
            _CONTRACTS, {"now": now or FAR}
        ).fetchall()
        first = first or began
        is_first = learnt_from == SUBSCRIPTIONS
        last = (changed or last) if is_first else (last or changed)
        if last is None and last_row is None:
            end = _midnight(now) if now and n_customers else EPOCH
            return _aware(first or end), _aware(end)
    end = _midnight(last or last_row) + timedelta(days=1)
    return _aware(first or end), _aware(end)


def notes_beyond(con: Queries, *, ends_at: datetime) -> tuple[str, ...]:
    """Say which tables run far beyond the log's end."""
    end = ends_at.replace(tzinfo=None)
    last_day = end - timedelta(days=1)
    notes = []
    for table, query in _BEYOND.items():
        [(n_rows, last)] = con.execute(query, {"at": end}).fetchall()
        if n_rows and last - end >= MIN_OVERRUN:
            rows = "1 row is" if n_rows == 1 else f"{n_rows:,} rows are"
            notes.append(
                f"{table} run to {last:%Y-%m-%d}, {(last - last_day).days} days beyond "
                f"the end of the log on {last_day:%Y-%m-%d}: {rows} later, and not "
                "seen."
            )
    return tuple(notes)


def notes_apart(
    con: Queries, *, ends_at: datetime, horizon: timedelta
) -> tuple[str, ...]:
    """Say that the last purchases lie a horizon after all others, as by a wrong date.

    As of such an end everybody else looks as if they had left.
    """
    last_day = ends_at.replace(tzinfo=None) - timedelta(days=1)
    [(before,)] = con.execute(_BEFORE_LAST_DAY, {"day": last_day}).fetchall()
    if before is None or last_day - _midnight(before) < horizon:
        return ()
    return (
        f"The last purchase, on {last_day:%Y-%m-%d}, is "
        f"{(last_day - _midnight(before)).days} days after the one before it: is its "
        "date right? Customers are looked at as of its end.",
    )


def _midnight(instant: datetime) -> datetime:
    return instant.replace(hour=0, minute=0, second=0, microsecond=0)


def _aware(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC)


_PURCHASES = """
select
    min(occurred_at),
    max(case when amount > 0 then occurred_at end),
    max(occurred_at)
from transactions
"""

# Where no contract is open, each row is a period whose end is agreed beforehand, and
# says nothing of when the table was written.
_CONTRACTS = """
select
    min(starts_at),
    greatest(
        max(starts_at) filter (where starts_at <= $now),
        case
            when bool_or(ends_at is null or ends_at > $now)
                then max(ends_at) filter (where ends_at <= $now)
        end
    ),
    (select count(*) from customers)
from subscriptions
"""

_BEYOND = {
    "transactions": "select count(*), max(occurred_at) from transactions"
    " where occurred_at >= $at",
    "interactions": "select count(*), max(occurred_at) from interactions"
    " where occurred_at >= $at",
    "customers": "select count(*), max(joined_at) from customers"
    " where joined_at >= $at",
}

_BEFORE_LAST_DAY = """
select max(occurred_at) from transactions where amount > 0 and occurred_at < $day
"""
