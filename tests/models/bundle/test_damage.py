"""A bundle that was altered is refused, with the process alive."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.errors import BundleError
from models.bundle.bundle import (
    FILES,
    MANIFEST,
    load_bundle,
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
