"""Some customers' rows of a log on Spark, as a log on this machine."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from features.columns import TABLES
from features.log import Log, open_database
from features.spark.log import SparkLog

FULL = 1 << 32


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


def take_sample(log: SparkLog, *, most_customers: int) -> Log:
    """Bring all rows of some customers, drawn by the hash of their ids.

    Parameters
    ----------
    log : SparkLog
    most_customers : int
        About so many are drawn; all, where there are no more.

    Returns
    -------
    Log
        To be closed by the caller. It says of itself what the whole log says.
    """
    count = "select count(distinct customer_id) from transactions"
    ((n_customers,),) = log.con.execute(count).fetchall()
    own = take_rows(log, share=most_customers / max(n_customers, 1))
    if n_customers <= most_customers:
        return own
    ((n_taken,),) = own.con.execute(count).fetchall()
    return replace(own, sample=(n_taken, n_customers))


def take_rows(
    log: SparkLog, *, share: float = 1.0, customer_id: str | None = None
) -> Log:
    """Bring the rows of a share of the customers, or of one of them."""
    condition = share_sql(share)
    if customer_id is not None:
        own = exp.Literal.string(customer_id).sql(dialect="spark")
        condition = f"customer_id = {own}"
    con = open_database()
    try:
        for table in TABLES:
            query = f"select * from {log.views[table]} where {condition}"
            con.register("taken_rows", log.spark.sql(query).toArrow())
            con.execute(f"create table {table} as select * from taken_rows")
            con.unregister("taken_rows")
    except BaseException:
        con.close()
        raise
    return Log(
        con=con,
        reports=log.reports,
        present=log.present,
        starts_at=log.starts_at,
        ends_at=log.ends_at,
        currency=log.currency,
        not_products=log.not_products,
    )
