"""A run is scored in blocks and chunks, and nobody can tell."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from features.door.log_files import Log
from features.purchases import blocks
from models.bundle.bundle import Bundle, load_bundle
from models.bundle.scoring import open_run, score_customers
from serving.runs import parallel
from serving.runs.parallel import put_chunks, score_chunks
from serving.runs.score import ScoredRun, score_log
from tests.conftest import AS_OF as BUYERS_AS_OF
from tests.serving.trained import AS_OF, Trained


@pytest.mark.parametrize("least", [10, 10_000], ids=["beside", "here"])
def test_chunks_give_the_rows_of_one_piece(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, least: int
) -> None:
    bundle = load_bundle(trained.folder, version="1")
    features = bundle.reference
    ids = [f"c{n:03}" for n in range(len(features))]
    features.index = pd.Index(ids, name="customer_id")
    context = open_run(bundle.model, features, as_of=AS_OF, currency="GBP")
    whole = score_customers(
        bundle.model,
        features,
        version=bundle.version,
        context=context,
        reasons=bundle.reasons,
    )
    monkeypatch.setattr(parallel, "CUSTOMERS_PER_CHUNK", 33)
    monkeypatch.setattr(parallel, "MIN_CUSTOMERS_FOR_PROCESSES", least)
    monkeypatch.setattr(parallel, "cores", lambda: 2)
    table = pa.Table.from_pandas(features)
    parts = [table.slice(0, 50), table.slice(50)]
    chunks = put_chunks(
        bundle.model, parts, folder=tmp_path, is_wanted=lambda name: name == "T"
    )
    assert chunks.n_chunks > 3
    assert chunks.features.equals(features[["T"]])
    cut = score_chunks(bundle, chunks, context=context).table()
    assert cut.schema == whole.schema
    assert cut.to_pylist() == whole.to_pylist()


def test_a_run_in_blocks_is_the_run_in_one(
    bundle: Bundle, buyers_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def score() -> ScoredRun:
        with buyers_log.copy(threads=1) as log:
            return score_log(bundle, log, as_of=BUYERS_AS_OF)

    whole = score()
    monkeypatch.setattr(blocks, "BLOCK", 150)
    monkeypatch.setattr(parallel, "CUSTOMERS_PER_CHUNK", 70)
    cut = score()
    assert cut.table.to_pylist() == whole.table.to_pylist()
    assert cut.facts.to_pylist() == whole.facts.to_pylist()
    assert (cut.context, cut.moves) == (whole.context, whole.moves)
