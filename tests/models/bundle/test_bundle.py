"""A bundle comes back bit for bit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from models.bundle.bundle import (
    BOOSTERS,
    FILES,
    GOLDEN_ROWS,
    MANIFEST,
    Bundle,
    load_bundle,
    save_bundle,
)
from training.train import TrainedModel

Damage = Callable[[Path], object]


def test_what_is_loaded_foretells_the_same_bits(
    trained_model: TrainedModel, bundle: Bundle
) -> None:
    model, features = trained_model.fitted.model, trained_model.fitted.features
    before, after = (m.predict(m.design(features)) for m in (model, bundle.model))
    for name in before.__slots__:
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    for explain in ("explain_churn", "explain_value"):
        first, second = (
            getattr(m, explain)(m.design(features)) for m in (model, bundle.model)
        )
        assert first.columns == second.columns
        assert (first.parts == second.parts).all()
        assert first.base == second.base


def test_all_else_comes_back_too(trained_model: TrainedModel, bundle: Bundle) -> None:
    model = trained_model.fitted.model
    assert bundle.version == "1"
    assert bundle.card == trained_model.card
    assert bundle.model.plan == model.plan
    assert bundle.model.basis == model.basis
    assert bundle.model.to_dict() == model.to_dict()
    pd.testing.assert_frame_equal(bundle.model.usual, model.usual)
    assert list(bundle.reference.columns) == list(model.plan.names)
    assert 0 < len(bundle.reference) <= len(trained_model.fitted.features)


def test_a_bundle_that_is_loaded_and_saved_serves_the_same(
    bundle: Bundle, trained_model: TrainedModel, tmp_path: Path
) -> None:
    features = trained_model.fitted.features
    save_bundle(tmp_path, bundle.model, reference=features, card={}, facts={})
    again = load_bundle(tmp_path, version="2").model
    first, second = (m.predict(m.design(features)) for m in (bundle.model, again))
    np.testing.assert_array_equal(first.churn_probability, second.churn_probability)
    np.testing.assert_array_equal(first.expected_value, second.expected_value)


def test_it_holds_text_json_sql_and_parquet_and_no_pickle(
    trained_model: TrainedModel,
) -> None:
    files = sorted(path for path in trained_model.folder.rglob("*"))
    assert {path.name for path in files} == {*FILES, *BOOSTERS.values(), MANIFEST}
    for path in files:
        raw = path.read_bytes()
        if path.suffix == ".parquet":
            assert raw[:4] == raw[-4:] == b"PAR1"
        else:
            assert path.suffix in {".txt", ".json", ".sql"}
            assert raw.decode("utf-8").isprintable() or path.suffix != ".json"
        assert b"cpython" not in raw.lower()


def test_no_customer_is_named_in_it(trained_model: TrainedModel) -> None:
    ids = {str(name).encode() for name in trained_model.fitted.features.index[:50]}
    for path in trained_model.folder.iterdir():
        raw = path.read_bytes()
        assert not any(name in raw for name in ids), path.name


def test_the_manifest_stands_for_every_file(trained_model: TrainedModel) -> None:
    raw = (trained_model.folder / MANIFEST).read_bytes()
    assert hashlib.sha256(raw).hexdigest() == trained_model.sha256
    manifest = json.loads(raw)
    for name, kept in manifest["files"].items():
        content = (trained_model.folder / name).read_bytes()
        assert kept == {
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
        }
    assert manifest["as_of"] == trained_model.card["as_of"]
    assert manifest["fingerprint"] == trained_model.card["fingerprint"]
    assert {"at", "git_commit", "libraries"} <= manifest["made"].keys()


def test_golden_rows_are_rows_of_the_reference(trained_model: TrainedModel) -> None:
    golden = pd.read_parquet(trained_model.folder / "golden.parquet")
    reference = pd.read_parquet(trained_model.folder / "reference.parquet")
    assert len(golden) == GOLDEN_ROWS
    columns = list(reference.columns)
    pd.testing.assert_frame_equal(golden[columns], reference.head(GOLDEN_ROWS))
