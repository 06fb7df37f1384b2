"""One cluster on loopback, and one session on it, for all tests of Spark."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.door.log_files import LogSource, TableSource
from tests.spark.cluster import Cluster

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.buyers import Rows


SOCKETS = ("ResourceWarning", "pytest.PytestUnraisableExceptionWarning")
"""What PySpark leaves to the garbage collector."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder, so that `make test` leaves it out."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("spark")
            for warning in SOCKETS:
                item.add_marker(pytest.mark.filterwarnings(f"ignore::{warning}"))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Start a master and two workers; kill them whatever happens."""
    pytest.importorskip("pyspark")
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start(2)
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def spark(cluster: Cluster) -> Iterator[SparkSession]:
    """Open a session on the cluster."""
    from features.spark.session import open_session

    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.environ.items():
            patch.setitem(os.environ, name, value)
        session = open_session(cluster.address)
        yield session
        session.stop()


@pytest.fixture(scope="session")
def shop(rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> LogSource:
    """Write the buyers' log to files."""
    folder = tmp_path_factory.mktemp("shop")
    for name in ("transactions", "interactions"):
        table = pa.Table.from_pylist(list(getattr(rows, name)))
        pq.write_table(table, folder / f"{name}.parquet")
    return LogSource(
        TableSource(str(folder / "transactions.parquet")),
        TableSource(str(folder / "interactions.parquet")),
    )
