"""Tell whether what a log says of the past is still what it said."""

from __future__ import annotations

from datetime import datetime

from features.engine import to_naive_utc
from features.log import Log

MODULUS = 2**64
SEEN = "occurred_at < $as_of and (known_at is null or known_at < $as_of)"
SEEN_ROWS = {
    "transactions": SEEN,
    "interactions": SEEN,
    "customers": "joined_at < $as_of",
}


def fingerprint(log: Log, *, as_of: datetime) -> str:
    """Return a hash of the rows that ``as_of`` sees, whatever their order.

    Parameters
    ----------
    log : Log
    as_of : datetime
        Rows that happened, or were known, at or after it do not count.

    Returns
    -------
    str
        A count and a hash for each table; a customer's row counts by when it joined.
    """
    instant = {"as_of": to_naive_utc(as_of)}
    found = []
    for table, seen in SEEN_ROWS.items():
        columns = "t" if table != "customers" else "row(customer_id, joined_at)"
        ((n_rows, mixed),) = log.con.execute(
            f"select count(*), coalesce(sum(hash({columns})::hugeint), 0) % {MODULUS}"
            f" from {table} t where {seen}",
            instant,
        ).fetchall()
        found.append(f"{n_rows:x}.{int(mixed):016x}")
    return "-".join(found)
