"""A hash of what a log says of the past, to notice when that changes."""

from __future__ import annotations

from datetime import datetime

from features.door.log import AnyLog
from features.instants import seen_sql, to_naive_utc

SEEN_ROWS = {
    "transactions": seen_sql(),
    "interactions": seen_sql(),
    "customers": "joined_at < $as_of",
    "subscriptions": seen_sql(at="starts_at"),
}

COLUMNS = {
    "customers": "row(customer_id, joined_at)",
    "subscriptions": (
        "row(customer_id, starts_at, amount, plan, known_at,"
        " case when ends_at < $as_of then ends_at end)"
    ),
}
"""The part of a row that counts, where not all of it does."""


def fingerprint(log: AnyLog, *, as_of: datetime, attributes: bool = False) -> str:
    """Return a hash of the rows that ``as_of`` sees, whatever their order.

    Parameters
    ----------
    log : AnyLog
    as_of : datetime
        Rows that happened, or were known, at or after it do not count.
    attributes : bool
        Whether customers count with all their attributes, which have no time.

    Returns
    -------
    str
        A count and a hash for each table; a customer's row counts by when it joined.
    """
    hashes = []
    for table, where in SEEN_ROWS.items():
        if table == "subscriptions" and not log.present.get(table):
            continue
        columns = COLUMNS.get(table, "t")
        if table == "customers" and attributes:
            columns, where = "t", "$as_of is not null"
        n_rows, mixed = log.hash_rows(
            table, columns, where=where, as_of=to_naive_utc(as_of)
        )
        hashes.append(f"{n_rows:x}.{mixed:016x}")
    return "-".join(hashes)
