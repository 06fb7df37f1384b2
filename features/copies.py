"""Copy a log into a database of its own, to be altered or cut without harm."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from features.columns import TABLES
from features.log import Log, open_database

if TYPE_CHECKING:
    from features.spark.log import AnyLog

BATCH = 100_000
"""Rows that are on the way at a time."""


def copy_log(
    log: AnyLog, *, customer_id: str | None = None, threads: int | None = None
) -> Log:
    """Return a copy that shares nothing with the log.

    Parameters
    ----------
    log : Log or SparkLog
        The copy is on this machine.
    customer_id : str or None
        Only this customer's rows; None for all.
    threads : int or None
        Of the new database; None for as many as there are cores.

    Returns
    -------
    Log
        To be closed by the caller.
    """
    if not isinstance(log, Log):
        from features.spark.sample import take_rows

        return take_rows(log, customer_id=customer_id)
    con = open_database(threads=threads)
    for table in TABLES:
        query = f"select * from {table}"
        given = []
        if customer_id is not None:
            query, given = f"{query} where customer_id = ?", [customer_id]
        rows = log.con.sql(query, params=given).to_arrow_reader(BATCH)
        con.register("copied_rows", rows)
        con.execute(f"create table {table} as select * from copied_rows")
        con.unregister("copied_rows")
    return replace(log, con=con)
