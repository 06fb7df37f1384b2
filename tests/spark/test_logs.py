"""Real logs: Spark says what DuckDB says."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from features.door.log_files import LogSource, read_log
from features.purchases.build import build_features
from features.purchases.frame import to_matrix
from features.purchases.plan import plan_features
from features.purchases.render import SQL_FOLDER
from features.spark.door import read_log_on_spark
from features.spark.engine import features_on_spark
from regulars.log import log_source
from regulars.settings.settings import load_settings
from tests.bench.logs import LOGS, RealLog, write_log
from tests.features.sqllog import plan_of_files

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SAMPLE = Path(__file__).parents[2] / "notebooks" / "data" / "regulars.toml"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXACT = 1e-9


def check_equal(
    source: LogSource,
    spark: SparkSession,
    *,
    as_of: datetime,
    horizon: timedelta,
    folder: Path = SQL_FOLDER,
) -> None:
    """Compare reports and every feature of every customer."""
    with read_log(source, now=NOW) as log:
        plan = plan_features(log, as_of=as_of, horizon=horizon)
        plan = plan_of_files(log, plan, folder)
        expected = build_features(log, plan, as_of=[as_of])
        reports = log.reports
        bounds = log.starts_at, log.ends_at, log.present, log.currency
    with read_log_on_spark(source, now=NOW, spark=spark) as log_there:
        assert log_there.reports == reports
        there = log_there.starts_at, log_there.ends_at, log_there.present
        assert (*there, log_there.currency) == bounds
        with features_on_spark(log_there, plan, as_of=[as_of]) as lazy:
            found = lazy.toArrow().sort_by("customer_id")

    assert found.column_names == expected.column_names
    assert found["customer_id"].to_pylist() == expected["customer_id"].to_pylist()
    assert found["as_of"].unique().to_pylist() == [as_of.replace(tzinfo=None)]
    ours, theirs = to_matrix(expected, plan.names), to_matrix(found, plan.names)
    np.testing.assert_allclose(theirs, ours, rtol=EXACT, atol=EXACT)


def test_the_sample_log_has_the_same_rows_set_aside_and_the_same_features(
    spark: SparkSession,
) -> None:
    source = log_source(load_settings(SAMPLE, {}))
    as_of = datetime(2011, 12, 10, tzinfo=UTC)

    check_equal(source, spark, as_of=as_of, horizon=timedelta(days=90))


def test_a_line_more_of_sql_is_the_same_feature(
    spark: SparkSession, tmp_path: Path
) -> None:
    folder, old = tmp_path / "sql", "    order_sums.n_orders,\n"
    shutil.copytree(SQL_FOLDER, folder)
    new = "    {{ ratio('moment_sums.net', 'order_sums.n_lines') }} as net_per_line,\n"
    text = (folder / "rfm.sql").read_text()
    (folder / "rfm.sql").write_text(text.replace(old, old + new))
    source = log_source(load_settings(SAMPLE, {}))
    as_of, horizon = datetime(2011, 12, 10, tzinfo=UTC), timedelta(days=90)

    check_equal(source, spark, as_of=as_of, horizon=horizon, folder=folder)


@pytest.mark.parametrize("real", LOGS, ids=lambda real: real.name)
def test_a_shared_log_has_the_same_features(
    real: RealLog, spark: SparkSession, tmp_path: Path
) -> None:
    if not real.path.exists():
        pytest.skip(f"{real.path} is not there")
    source = log_source(load_settings(write_log(real, tmp_path), {}))

    check_equal(source, spark, as_of=real.as_of, horizon=real.horizon)
