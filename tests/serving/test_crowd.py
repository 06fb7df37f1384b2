"""A crowd is scored in chunks, and nobody can tell."""

from __future__ import annotations

import pandas as pd
import pytest

from models.bundle import load_bundle
from models.scoring import open_run, score_customers
from serving import crowd
from tests.serving.trained import AS_OF, Trained


@pytest.mark.parametrize("least", [10, 10_000], ids=["beside", "here"])
def test_chunks_give_the_rows_of_one_piece(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, least: int
) -> None:
    bundle = load_bundle(trained.folder, version="1")
    features = bundle.reference
    features.index = pd.Index([f"c{n:03}" for n in range(len(features))])
    context = open_run(bundle.model, features, as_of=AS_OF, currency="GBP")
    whole = score_customers(
        bundle.model,
        features,
        version=bundle.version,
        context=context,
        reasons=bundle.reasons,
    )
    monkeypatch.setattr(crowd, "CHUNK", 33)
    monkeypatch.setattr(crowd, "LEAST_FOR_PROCESSES", least)
    monkeypatch.setattr(crowd, "cores", lambda: 2)
    cut = crowd.score_crowd(bundle, features, context=context)
    assert cut.schema == whole.schema
    assert cut.to_pylist() == whole.to_pylist()
