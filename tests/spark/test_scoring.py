"""Scores made on Spark: the served rows, in every column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from features.door.sample import take_sample
from features.errors import BundleError
from features.spark.door import read_log_on_spark
from models.bundle.packed import PackedBundle, pack_bundle
from serving.runs.score import ScoredRun, score_log
from serving.runs.spark import score_log_on_spark
from tests.conftest import AS_OF

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from features.door.log_files import Log, LogSource
    from features.spark.log import SparkLog
    from models.bundle.bundle import Bundle
    from tests.spark.cluster import Cluster
    from training.train import TrainedModel

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXACT = 1e-9


@pytest.fixture(scope="module")
def packed(trained_model: TrainedModel) -> PackedBundle:
    return pack_bundle(trained_model.folder, version="1", sha256=trained_model.sha256)


@pytest.fixture(scope="module")
def log_there(shop: LogSource, spark: SparkSession) -> Iterator[SparkLog]:
    with read_log_on_spark(shop, now=NOW, spark=spark) as log:
        yield log


@pytest.fixture(scope="module")
def expected(bundle: Bundle, buyers_log: Log) -> ScoredRun:
    return score_log(bundle, buyers_log, as_of=AS_OF)


def check_equal(found: pa.Table, expected: pa.Table) -> None:
    """Compare what is served, figures within 1e-9."""
    assert found.schema == expected.schema
    for here, there in zip(expected.to_pylist(), found.to_pylist(), strict=True):
        cells = flat(there)
        for name, value in flat(here).items():
            is_figure = isinstance(value, float)
            wanted = pytest.approx(value, rel=EXACT, abs=EXACT) if is_figure else value
            assert cells[name] == wanted, name


def flat(row: dict[str, object]) -> dict[str, object]:
    """Return a row with what is nested in it side by side."""
    cells: dict[str, object] = {}
    for name, value in row.items():
        parts = value if isinstance(value, list) else [value]
        for at, part in enumerate(parts):
            inner = part if isinstance(part, dict) else {"": part}
            cells |= {f"{name} {at} {key}": each for key, each in inner.items()}
    return cells


def test_a_run_is_the_same_whichever_engine_made_it(
    packed: PackedBundle, log_there: SparkLog, expected: ScoredRun
) -> None:
    found = score_log_on_spark(packed, log_there, as_of=AS_OF)

    check_equal(found.table, expected.table)
    check_equal(found.facts, expected.facts)
    assert found.context == expected.context


def test_a_sample_is_whole_customers(log_there: SparkLog) -> None:
    with take_sample(log_there, most_customers=100) as own:
        taken = own.con.sql("select distinct customer_id from transactions").fetchall()
        assert own.sample == (len(taken), 400)
        assert 60 < len(taken) < 140
        for (customer_id,) in taken[:3]:
            query = "select count(*) from transactions where customer_id = $id"
            here = own.con.execute(query, {"id": customer_id}).fetchall()
            assert here == log_there.con.execute(query, {"id": customer_id}).fetchall()


def test_a_worker_refuses_a_bundle_that_was_altered(packed: PackedBundle) -> None:
    files = {**packed.files, "model.json": packed.files["model.json"] + b" "}
    with pytest.raises(BundleError, match=r"model\.json is not the file"):
        replace(packed, files=files).unpack()


def test_a_worker_killed_while_it_scores_loses_nothing(
    packed: PackedBundle,
    log_there: SparkLog,
    expected: ScoredRun,
    cluster: Cluster,
) -> None:
    """The last of these tests: the cluster is one worker short afterwards."""
    anew = replace(packed, version="2")  # no worker has it yet, each has to unpack it
    done: list[ScoredRun] = []

    def score() -> None:
        done.append(score_log_on_spark(anew, log_there, as_of=AS_OF))

    run = Thread(target=score)
    run.start()
    # Few rows may all be given to one of them.
    workers = [name for name in cluster.processes if name.startswith("worker")]
    begun = cluster.wait_for_scratch(workers, "regulars-bundle-*")
    if begun is not None:
        cluster.kill(begun)
    still_at_work = run.is_alive()
    run.join(timeout=300)

    assert begun in workers
    assert still_at_work
    (found,) = done
    named = found.table.schema.get_field_index("model_version")
    column = expected.table["model_version"]
    check_equal(
        found.table.set_column(named, found.table.schema.field(named), column),
        expected.table,
    )
