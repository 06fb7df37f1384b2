"""A bundle comes back bit for bit, or is refused with the process alive."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.errors import BundleError
from models.bundle import (
    BOOSTERS,
    FILES,
    GOLDEN_ROWS,
    MANIFEST,
    Bundle,
    load_bundle,
    save_bundle,
)
from tests.models.trees import SPOILT, flip_digit
from training.train import TrainedModel

Damage = Callable[[Path], object]


@pytest.fixture
def folder(trained_model: TrainedModel, tmp_path: Path) -> Path:
    """Copy the bundle, to be spoilt."""
    return Path(shutil.copytree(trained_model.folder, tmp_path / "bundle"))


def edit(name: str, change: Callable[[str], str]) -> Damage:
    """Change the text of a file."""

    def damage(folder: Path) -> None:
        path = folder / name
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    return damage


def edit_json(name: str, change: Callable[[Any], object]) -> Damage:
    """Change the values of a file."""

    def through_text(text: str) -> str:
        values = json.loads(text)
        change(values)
        return json.dumps(values)

    return edit(name, through_text)


def reseal(folder: Path) -> None:
    """Write the manifest anew, as one would who wants the damage to pass."""
    path = folder / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for name in manifest["files"]:
        raw = (folder / name).read_bytes()
        sha256 = hashlib.sha256(raw).hexdigest()
        manifest["files"][name] = {"sha256": sha256, "bytes": len(raw)}
    path.write_text(json.dumps(manifest), encoding="utf-8")


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


@pytest.mark.parametrize("kind", list(SPOILT))
def test_a_spoilt_booster_is_refused_by_its_hash(
    folder: Path, trained_model: TrainedModel, kind: str
) -> None:
    edit("churn.txt", SPOILT[kind][0])(folder)
    with pytest.raises(BundleError, match=r"churn\.txt is not the file that was saved"):
        load_bundle(folder, version="1", sha256=trained_model.sha256)


@pytest.mark.parametrize("kind", list(SPOILT))
def test_a_spoilt_booster_is_refused_though_the_hash_was_forged(
    folder: Path, kind: str
) -> None:
    spoil, message = SPOILT[kind]
    edit("churn.txt", spoil)(folder)
    reseal(folder)
    with pytest.raises(BundleError, match=message):
        load_bundle(folder, version="1")


def test_a_flipped_digit_is_found_by_the_golden_rows(folder: Path) -> None:
    edit("churn.txt", flip_digit)(folder)
    reseal(folder)
    with pytest.raises(BundleError, match="another churn_probability for its golden"):
        load_bundle(folder, version="1")


def swap(folder: Path) -> None:
    """Put each booster in the place of the other."""
    (folder / "churn.txt").rename(folder / "aside")
    (folder / "value.txt").rename(folder / "churn.txt")
    (folder / "aside").rename(folder / "value.txt")


def link(folder: Path, name: str = "churn.txt") -> None:
    """Put a symbolic link in the place of a file."""
    target = folder.parent / "elsewhere"
    (folder / name).rename(target)
    (folder / name).symlink_to(target)


def pipe(folder: Path) -> None:
    """Put something in the place of a file that would be read for ever."""
    (folder / "churn.txt").unlink()
    os.mkfifo(folder / "churn.txt")


def grow(folder: Path) -> None:
    """Make a file that is larger than the disk."""
    with (folder / "reference.parquet").open("r+b") as file:
        file.truncate(100 * 2**30)


DAMAGES: dict[str, tuple[Damage, str]] = {
    "swapped": (swap, "is not the file that was saved"),
    "symbolic link": (link, r"churn\.txt is not the file that was saved"),
    "pipe": (pipe, r"churn\.txt is not the file that was saved"),
    "sparse giant": (grow, r"reference\.parquet is not the file"),
    "missing": (
        lambda folder: (folder / "usual.parquet").unlink(),
        r"misses or adds: usual\.parquet",
    ),
    "added": (
        lambda folder: (folder / "python_model.py").write_text("import os"),
        r"misses or adds: python_model\.py",
    ),
    "added folder": (
        lambda folder: os.mkdir(folder / "code"),
        "misses or adds: code",
    ),
    "one byte more": (
        edit("features.sql", lambda text: text + " "),
        r"features\.sql is not the file that was saved",
    ),
    "same size": (
        edit("model.json", lambda text: text.replace("0", "1", 1)),
        r"model\.json is not the file that was saved",
    ),
    "no manifest": (
        lambda folder: (folder / MANIFEST).unlink(),
        r"There is no manifest\.json",
    ),
    "manifest is a link": (
        lambda folder: link(folder, MANIFEST),
        r"There is no manifest\.json",
    ),
    "no folder": (shutil.rmtree, r"There is no manifest\.json"),
}


@pytest.mark.parametrize("kind", list(DAMAGES))
def test_a_folder_that_is_not_as_it_was_saved_is_refused(
    folder: Path, kind: str
) -> None:
    damage, message = DAMAGES[kind]
    damage(folder)
    with pytest.raises(BundleError, match=message):
        load_bundle(folder, version="1")


def test_a_forged_manifest_is_refused_by_the_hash_of_the_registry(
    folder: Path, trained_model: TrainedModel
) -> None:
    edit("reasons.json", lambda text: text.replace("last order", "final order"))(folder)
    reseal(folder)
    load_bundle(folder, version="1")
    with pytest.raises(BundleError, match="not the one that was registered"):
        load_bundle(folder, version="1", sha256=trained_model.sha256)


MANIFESTS: dict[str, tuple[Damage, str]] = {
    "older": (edit_json(MANIFEST, lambda m: m.update(schema=0)), "of another make"),
    "newer": (edit_json(MANIFEST, lambda m: m.update(schema=2)), "of another make"),
    "no schema": (edit_json(MANIFEST, lambda m: m.pop("schema")), "of another make"),
    "a list": (edit(MANIFEST, lambda text: "[]"), "of another make"),
    "not JSON": (edit(MANIFEST, lambda text: text[:-3]), "is not JSON"),
    "deep": (edit(MANIFEST, lambda text: "[" * 200_000), "is not JSON"),
    "no files": (edit_json(MANIFEST, lambda m: m.pop("files")), "misses or adds"),
    "files as a list": (
        edit_json(MANIFEST, lambda m: m.update(files=list(FILES))),
        "misses or adds",
    ),
    "one file too few": (
        edit_json(MANIFEST, lambda m: m["files"].pop("golden.parquet")),
        r"misses or adds: golden\.parquet",
    ),
    "a file elsewhere": (
        edit_json(MANIFEST, lambda m: m["files"].update({"../up.txt": {}})),
        r"misses or adds: \.\./up\.txt",
    ),
    "no size": (
        edit_json(MANIFEST, lambda m: m["files"]["card.json"].pop("bytes")),
        r"card\.json is not the file that was saved",
    ),
    "no hash": (
        edit_json(MANIFEST, lambda m: m["files"].update({"card.json": None})),
        r"card\.json is not the file that was saved",
    ),
}


@pytest.mark.parametrize("kind", list(MANIFESTS))
def test_a_manifest_of_another_make_is_refused(folder: Path, kind: str) -> None:
    damage, message = MANIFESTS[kind]
    damage(folder)
    with pytest.raises(BundleError, match=message):
        load_bundle(folder, version="1")


def without_column(folder: Path) -> None:
    """Take a feature out of the golden rows."""
    path = folder / "golden.parquet"
    pd.read_parquet(path).drop(columns="frequency").to_parquet(path)


CONTENTS: dict[str, Damage] = {
    "model.json is a list": edit("model.json", lambda text: "[]"),
    "model.json is empty": edit("model.json", lambda text: "{}"),
    "model.json is cut": edit("model.json", lambda text: text[:500]),
    "model.json is deep": edit("model.json", lambda text: "[" * 200_000),
    "plan is a list": edit_json("model.json", lambda m: m.update(plan=[])),
    "names are gone": edit_json("model.json", lambda m: m["plan"].update(names=[])),
    "no such feature": edit_json(
        "model.json", lambda m: m["churn"]["features"].append("wealth")
    ),
    "features swapped": edit_json(
        "model.json", lambda m: m["churn"]["features"].reverse()
    ),
    "a feature less": edit_json("model.json", lambda m: m["churn"]["features"].pop()),
    "weights of two": edit_json("model.json", lambda m: m["churn"]["weights"].pop()),
    "a word as weight": edit_json(
        "model.json", lambda m: m["churn"].update(weights=["a", "b", "c"])
    ),
    "no clusters": edit_json("model.json", lambda m: m["clusters"].update(clusters=[])),
    "basis of another form": edit_json("model.json", lambda m: m.update(basis=[])),
    "infinite horizon": edit(
        "model.json",
        lambda text: text.replace('"horizon_days": 60', '"horizon_days": 1e999'),
    ),
    "NaN slope": edit_json(
        "model.json", lambda m: m["churn_calibration"].update(slope=float("nan"))
    ),
    "no link": edit_json("model.json", lambda m: m["churn_calibration"].pop("link")),
    "reasons are a list": edit("reasons.json", lambda text: "[]"),
    "a bad pattern": edit_json(
        "reasons.json", lambda m: m["reason"][0].update(feature="(")
    ),
    "card is a list": edit("card.json", lambda text: "[1]"),
    "card is cut": edit("card.json", lambda text: text[:-9]),
    "golden is no Parquet": lambda folder: (folder / "golden.parquet").write_bytes(
        b"PAR1" + b"\0" * 99 + b"PAR1"
    ),
    "golden is empty": lambda folder: (folder / "golden.parquet").write_bytes(b""),
    "golden lacks a feature": without_column,
    "usual is text": lambda folder: (folder / "usual.parquet").write_text("{}"),
    "SQL is not UTF-8": lambda folder: (folder / "features.sql").write_bytes(b"\xff"),
    "trees are not UTF-8": lambda folder: (folder / "value.txt").write_bytes(b"\xff"),
}


@pytest.mark.parametrize("kind", list(CONTENTS))
def test_contents_that_make_no_model_are_refused_though_the_hash_was_forged(
    folder: Path, kind: str
) -> None:
    CONTENTS[kind](folder)
    reseal(folder)
    with pytest.raises(BundleError, match="bundle of version 1"):
        load_bundle(folder, version="1")


def test_golden_rows_are_rows_of_the_reference(trained_model: TrainedModel) -> None:
    golden = pd.read_parquet(trained_model.folder / "golden.parquet")
    reference = pd.read_parquet(trained_model.folder / "reference.parquet")
    assert len(golden) == GOLDEN_ROWS
    columns = list(reference.columns)
    pd.testing.assert_frame_equal(golden[columns], reference.head(GOLDEN_ROWS))
