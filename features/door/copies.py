"""Copy a log into a database of its own, to be altered or cut without harm."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from features.door.log import Log, open_database
from features.door.rows.columns import TABLES

if TYPE_CHECKING:
    from features.spark.log import AnyLog

BATCH = 100_000
"""Rows that are on the way at a time."""


FULL = 1 << 32


def copy_log(
    log: AnyLog,
    *,
    customer_id: str | None = None,
    share: float = 1.0,
    threads: int | None = None,
) -> Log:
    """Return a copy that shares nothing with the log.

    Parameters
    ----------
    log : Log or SparkLog
        The copy is on this machine.
    customer_id : str or None
        Only this customer's rows; None for all.
    share : float
        How many of the customers, drawn by ``share_sql``.
    threads : int or None
        Of the new database; None for as many as there are cores.

    Returns
    -------
    Log
        To be closed by the caller.
    """
    if not isinstance(log, Log):
        from features.spark.sample import take_rows

        return take_rows(log, share=share, customer_id=customer_id)
    con = open_database(threads=threads)
    for table in TABLES:
        query, given = f"select * from {table} where {share_sql(share)}", []
        if customer_id is not None:
            query, given = f"{query} and customer_id = ?", [customer_id]
        rows = log.con.sql(query, params=given).to_arrow_reader(BATCH)
        con.register("copied_rows", rows)
        con.execute(f"create table {table} as select * from copied_rows")
        con.unregister("copied_rows")
    return replace(log, con=con)


def share_sql(share: float) -> str:
    """Return the condition for a customer to be in a sample, the same in any engine.

    Who is in a small sample is in every larger one.

    Examples
    --------
    >>> share_sql(0.5)
    "substring(md5(customer_id), 1, 8) < '80000000'"
    >>> share_sql(1)
    'true'
    """
    bound = round(share * FULL)
    if bound >= FULL:
        return "true"
    return f"substring(md5(customer_id), 1, 8) < '{bound:08x}'"
