"""Some customers' rows of a log on Spark, as a log on this machine."""

from __future__ import annotations

from sqlglot import exp

from features.door.copies import share_sql
from features.door.log import Log, open_database
from features.door.rows.columns import TABLES
from features.spark.log import SparkLog


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
