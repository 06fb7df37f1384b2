"""Score a whole log on Spark: features and scores on the workers, the run here."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from features.errors import DataError
from features.purchases.frame import to_frame
from features.purchases.plan import FeaturePlan, feature_schema
from features.spark.engine import features_on_spark
from features.spark.log import SparkLog
from models.actions import Catalogue, read_catalogue
from models.bundle.packed import BatchScorer, PackedBundle
from models.score.schema import SCORE_SCHEMA, RunContext
from models.tiers import TierPlan, plan_tiers
from serving.runs.parallel import ranked
from serving.runs.score import RunFeatures, RunRules, ScoredRun, begin_run, complete_run
from serving.store.json.score_rows import ScoreRows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame

ROWS_AT_ONCE = 50_000
"""Scores that are on the way from the workers at a time."""


def score_log_on_spark(
    packed: PackedBundle,
    log: SparkLog,
    *,
    as_of: datetime,
    tiers: TierPlan | None = None,
    actions: Catalogue | None = None,
) -> ScoredRun:
    """Score every customer with a purchase before ``as_of``.

    Parameters
    ----------
    packed : PackedBundle
        Goes to every worker, and is checked there.
    log : SparkLog
    as_of : datetime
        UTC.
    tiers : TierPlan or None
    actions : Catalogue or None
        As for ``score_log``.

    Returns
    -------
    ScoredRun
        As ``score_log`` gives it.

    Raises
    ------
    DataError
        If nobody bought before ``as_of``.
    BundleError
        If the bundle is not whole.
    """
    model = packed.unpack().model
    plan = model.plan
    if not isinstance(plan, FeaturePlan):
        raise DataError(
            "On Spark, only models of purchases score.",
            needed="A champion that was trained on purchases.",
            todo='Write [data] engine = "duckdb".',
        )
    with features_on_spark(log, plan, as_of=[as_of]) as lazy, _persisted(lazy) as rows:
        features = to_frame(_collect(rows, rows.count(), feature_schema(plan)))
        features = features.droplevel("as_of")
        quantity = model.tier_quantity(features)
        context = begin_run(model, quantity, log, as_of=as_of)
        with _persisted(_score(rows, packed, context)) as scored:
            table = _collect(scored, len(features), SCORE_SCHEMA)
    return complete_run(
        model,
        RunFeatures(features, [str(name) for name in features]),
        ranked(ScoreRows.of(table)),
        log=log,
        context=context,
        rules=RunRules(tiers or plan_tiers(), actions or read_catalogue()),
    )


@contextmanager
def _persisted(frame: DataFrame) -> Iterator[DataFrame]:
    """Keep what the workers compute: once is enough; what is lost is computed again."""
    persisted = frame.persist()
    try:
        yield persisted
    finally:
        persisted.unpersist()


def _score(features: DataFrame, packed: PackedBundle, context: RunContext) -> DataFrame:
    from pyspark.sql.pandas.types import from_arrow_schema

    types = from_arrow_schema(SCORE_SCHEMA)
    return features.mapInArrow(BatchScorer(packed, context), types)


def _collect(frame: DataFrame, n_rows: int, schema: pa.Schema) -> pa.Table:
    """Bring rows here, some customers at a time."""
    from pyspark.sql import functions as sf

    n_parts = max(1, -(-n_rows // ROWS_AT_ONCE))
    part = sf.pmod(sf.xxhash64("customer_id"), sf.lit(n_parts))
    parts = [
        frame.where(part == sf.lit(number)).toArrow().cast(schema)
        for number in range(n_parts)
    ]
    return pa.concat_tables(parts).sort_by("customer_id")
