"""The same features on a Spark of two workers: equal, and what they take."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from features.purchases.blocks import feature_blocks
from features.purchases.frame import to_matrix
from features.purchases.plan import FeaturePlan, plan_features
from features.spark.door import read_log_on_spark
from features.spark.engine import features_on_spark
from features.spark.session import open_session
from tests.bench.features import AS_OF, HORIZON, generated, open_folder, source_of
from tests.bench.rows import Row
from tests.spark.cluster import Cluster

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EXACT = 1e-9
N_WORKERS = 2
HEAP_MB = 4096
JAVA_OPTIONS = "-XX:+UseParallelGC"


def spark_rows(events: int) -> list[Row]:
    """Build the features of one log on both, door included, and compare each value."""
    pyspark = version("pyspark")
    with generated(events) as folder, TemporaryDirectory(prefix="regulars-") as name:
        ours, theirs = Path(name, "ours"), Path(name, "theirs")
        plan, seconds = _alone(folder, ours)
        with cluster_of_two(Path(name, "cluster")) as spark:
            on_spark = _on_spark(spark, folder, plan, theirs)
        n_customers, worst, where = compare(ours, theirs, plan)
    what = f"{len(plan.names)} columns, {events:,} events, {n_customers:,} customers"
    return [
        Row(
            what=f"features on a Spark of {N_WORKERS} workers, a core each: {what}",
            against="ours without Spark",
            ours_seconds=on_spark,
            theirs_seconds=seconds,
            ratio=f"equal within {worst:.0e}",
            at_least="equal within 1e-9",
            aim="",
            met=worst <= EXACT,
            note=f"furthest apart is {where}; from the files of the log to those of "
            f"the features; PySpark {pyspark}, {HEAP_MB // 1024} GB a worker",
        )
    ]


@contextmanager
def cluster_of_two(folder: Path) -> Iterator[SparkSession]:
    """Start a master, workers and a session; stop them whatever happens."""
    folder.mkdir()
    cluster = Cluster(folder, heap_mb=HEAP_MB, java_options=JAVA_OPTIONS)
    try:
        cluster.start(N_WORKERS)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in cluster.environ.items():
                patch.setitem(os.environ, name, value)
            session = open_session(cluster.address)
            try:
                yield session
            finally:
                session.stop()
    finally:
        cluster.stop()


def _alone(folder: Path, found: Path) -> tuple[FeaturePlan, float]:
    """Write our features, some customers a file."""
    found.mkdir()
    began = time.perf_counter()
    with open_folder(folder) as log:
        plan = plan_features(log, as_of=AS_OF, horizon=HORIZON)
        for number, table in enumerate(feature_blocks(log, plan, as_of=AS_OF)):
            pq.write_table(table, found / f"{number:05}.parquet")
    return plan, time.perf_counter() - began


def _on_spark(
    spark: SparkSession, folder: Path, plan: FeaturePlan, found: Path
) -> float:
    """Have the workers write theirs."""
    began = time.perf_counter()
    with (
        read_log_on_spark(source_of(folder), now=datetime.now(UTC), spark=spark) as log,
        features_on_spark(log, plan, as_of=[AS_OF]) as lazy,
    ):
        lazy.write.parquet(str(found))
    return time.perf_counter() - began


def compare(ours: Path, theirs: Path, plan: FeaturePlan) -> tuple[int, float, str]:
    """Return how many customers both have, how far apart a value is at most, and where.

    A difference is taken as a share of the value, where that is above 1.
    """
    both = [ds.dataset(path, format="parquet") for path in (ours, theirs)]
    ids = [each.to_table(["customer_id"])["customer_id"] for each in both]
    orders = [pc.sort_indices(each) for each in ids]
    here, there = (each.take(order) for each, order in zip(ids, orders, strict=True))
    if not here.equals(there):
        raise AssertionError("other customers")
    worst, where = 0.0, "no column"
    for name in plan.names:
        expected, found = (
            to_matrix(each.to_table([name]), [name])[order.to_numpy(), 0]
            for each, order in zip(both, orders, strict=True)
        )
        if (np.isnan(expected) != np.isnan(found)).any():
            raise AssertionError(f"{name} is missing elsewhere")
        apart = np.abs(found - expected) / np.maximum(np.abs(expected), 1.0)
        furthest = float(np.nanmax(apart, initial=0.0))
        if furthest > worst:
            worst, where = furthest, name
    return len(here), worst, where
