"""Tell whether what a log says of the past is still what it said."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from features.door.log import Log
from features.purchases.plan import to_naive_utc

if TYPE_CHECKING:
    from features.spark.log import AnyLog

MODULUS = 2**64
SEEN = "occurred_at < $as_of and (known_at is null or known_at < $as_of)"
SEEN_ROWS = {
    "transactions": SEEN,
    "interactions": SEEN,
    "customers": "joined_at < $as_of",
    "subscriptions": ("starts_at < $as_of and (known_at is null or known_at < $as_of)"),
}

COLUMNS = {
    "customers": "row(customer_id, joined_at)",
    "subscriptions": (
        "row(customer_id, starts_at, amount, plan, known_at,"
        " case when ends_at < $as_of then ends_at end)"
    ),
}
"""What counts of a row, where it is not all of it."""


def fingerprint(log: AnyLog, *, as_of: datetime, attributes: bool = False) -> str:
    """Return a hash of the rows that ``as_of`` sees, whatever their order.

    Parameters
    ----------
    log : Log or SparkLog
    as_of : datetime
        Rows that happened, or were known, at or after it do not count.
    attributes : bool
        Whether customers count with all their attributes, which have no time.

    Returns
    -------
    str
        A count and a hash for each table; a customer's row counts by when it joined.
    """
    if not isinstance(log, Log):
        from features.spark.fingerprint import fingerprint_on_spark

        return fingerprint_on_spark(log, as_of=as_of)
    instant = {"as_of": to_naive_utc(as_of)}
    found = []
    for table, seen in SEEN_ROWS.items():
        if table == "subscriptions" and not log.present.get(table):
            continue
        columns = COLUMNS.get(table, "t")
        if table == "customers" and attributes:
            columns, seen = "t", "$as_of is not null"
        ((n_rows, mixed),) = log.con.execute(
            f"select count(*), coalesce(sum(hash({columns})::hugeint), 0) % {MODULUS}"
            f" from {table} t where {seen}",
            instant,
        ).fetchall()
        found.append(f"{n_rows:x}.{int(mixed):016x}")
    return "-".join(found)
