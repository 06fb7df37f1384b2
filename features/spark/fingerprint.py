"""The fingerprint of a log on Spark: the one that DuckDB takes on one machine."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from features.door.fingerprint import COLUMNS, MODULUS, SEEN_ROWS
from features.purchases.plan import to_naive_utc
from features.spark.log import SparkLog
from features.spark.workers import ROWS, on_batches

COUNTED = pa.schema([("n_rows", pa.int64()), ("mixed", pa.string())])


def fingerprint_on_spark(log: SparkLog, *, as_of: datetime) -> str:
    """Return the hash of the rows that ``as_of`` sees, whatever their order.

    Each batch is hashed by DuckDB on a worker; the sums of hashes are added up here.
    """
    instant = f"timestamp '{to_naive_utc(as_of).isoformat(' ')}'"
    found = []
    for table, seen in SEEN_ROWS.items():
        if table == "subscriptions" and not log.present.get(table):
            continue
        mixed = f"coalesce(sum(hash({COLUMNS.get(table, 't')})::hugeint), 0)"
        sql = (
            f"select count(*), cast({mixed} as varchar) from {ROWS} t where {seen}"
        ).replace("$as_of", instant)
        rows = on_batches(log.spark.table(log.views[table]), sql, COUNTED).collect()
        n_rows = sum(row.n_rows for row in rows)
        total = sum(int(row.mixed) for row in rows) % MODULUS
        found.append(f"{n_rows:x}.{total:016x}")
    return "-".join(found)
