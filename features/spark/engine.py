"""The features of every customer, computed on Spark by the plan's query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from features.instants import to_naive_utc
from features.purchases.plan import FeaturePlan
from features.spark.dialect import to_steps
from features.spark.log import SparkLog

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@contextmanager
def features_on_spark(
    log: SparkLog, plan: FeaturePlan, *, as_of: Sequence[datetime]
) -> Iterator[DataFrame]:
    """Yield the plan's features of every customer that each ``as_of`` sees.

    Parameters
    ----------
    log : SparkLog
    plan : FeaturePlan
        Its query, written for DuckDB, is translated.
    as_of : sequence of datetime
        One or many; all of them are one query.

    Yields
    ------
    DataFrame of shape (n_customers x n_as_of, 2 + n_features)
        The columns of ``build_features``, in no order. It is computed lazily, and
        released when the block ends.
    """
    spark, prefix = log.con.spark, f"{log.con.prefix}{uuid4().hex[:8]}_"
    instants = f"{prefix}as_ofs"
    views, persisted = [instants], []
    spark.conf.set("spark.sql.shuffle.partitions", str(log.n_tasks))
    try:
        spark.sql(_as_ofs_sql(as_of)).createOrReplaceTempView(instants)
        steps, final_sql = to_steps(
            plan.sql, views={**log.con.views, "as_ofs": instants}, prefix=prefix
        )
        for step in steps:
            frame = spark.sql(step.sql)
            if step.n_readers > 1:
                persisted.append(frame.persist())
            frame.createOrReplaceTempView(step.name)
            views.append(step.name)
        yield spark.sql(final_sql).select("customer_id", "as_of", *plan.names)
    finally:
        for frame in persisted:
            frame.unpersist()
        for view in views:
            spark.catalog.dropTempView(view)


def _as_ofs_sql(as_of: Sequence[datetime]) -> str:
    instants = sorted({to_naive_utc(instant) for instant in as_of})
    rows = ", ".join(
        f"(timestamp_ntz'{instant.isoformat(' ')}')" for instant in instants
    )
    return f"select * from values {rows} as t(as_of)"
