"""Bundles come from the registry checked, are kept, and heal; forged ones do not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
import pytest

from features.errors import BundleError
from models.bundle.bundle import Bundle, load_bundle
from serving.registry import MODEL_NAME, SHA256_TAG, BundleSource
from training.registry import connect
from training.train import TrainedModel

if TYPE_CHECKING:
    from tests.conftest import Registry

Damage = Callable[[Path], object]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Return where bundles will be kept."""
    return tmp_path / "cache"


@pytest.fixture
def source(registry: Registry, cache: Path) -> BundleSource:
    """Return a source that has read nothing yet."""
    return BundleSource(registry.tracking_uri, cache)


def kept(cache: Path, version: str) -> Path:
    """Return the folder of a version in the cache."""
    (folder,) = cache.glob(f"*/{version}")
    return folder


def forge(
    registry: Registry,
    trained: TrainedModel,
    folder: Path,
    *,
    damage: Damage,
    sha256: str | None = None,
) -> str:
    """Add a version whose files were damaged after it was registered."""
    copy = Path(shutil.copytree(trained.folder, folder / "model" / "bundle"))
    damage(copy)
    created = connect(registry.tracking_uri).create_model_version(
        MODEL_NAME,
        f"file://{folder / 'model'}",
        registry.registered.run_id,
        tags={SHA256_TAG: sha256 or trained.sha256},
    )
    return str(created.version)


def foretell(bundle: Bundle, trained: TrainedModel) -> list[float]:
    """Return the churn probabilities of the customers it was trained on."""
    model = bundle.model
    forecast = model.predict(model.design(trained.fitted.features))
    return list(forecast.churn_probability.tolist())


def test_the_champion_is_the_version_that_was_promoted(
    source: BundleSource, registry: Registry
) -> None:
    assert source.champion() == registry.registered.version


def test_a_version_is_served_as_it_was_trained(
    source: BundleSource, registry: Registry, trained_model: TrainedModel
) -> None:
    bundle = source.get(registry.registered.version)
    assert bundle.version == registry.registered.version
    assert bundle.card == trained_model.card
    model, features = trained_model.fitted.model, trained_model.fitted.features
    expected = model.predict(model.design(features)).churn_probability
    assert foretell(bundle, trained_model) == expected.tolist()


def test_a_version_is_read_once(source: BundleSource, registry: Registry) -> None:
    version = registry.registered.version
    assert source.get(version) is source.get(version)


def test_a_version_that_is_kept_needs_neither_registry_nor_mlflow(
    source: BundleSource, registry: Registry, cache: Path
) -> None:
    source.get(registry.registered.version)
    program = """
import sys
from pathlib import Path
from serving.registry import BundleSource
bundle = BundleSource(sys.argv[1], Path(sys.argv[2])).get(sys.argv[3])
print(bundle.version, "mlflow" in sys.modules, "shap" in sys.modules)
"""
    arguments = [registry.tracking_uri, str(cache), registry.registered.version]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        timeout=120,
    )
    assert done.stdout.split() == [registry.registered.version, "False", "False"]


CACHES: dict[str, Damage] = {
    "altered": lambda folder: (folder / "bundle" / "churn.txt").write_text("tree"),
    "missing file": lambda folder: (folder / "bundle" / "usual.parquet").unlink(),
    "missing bundle": lambda folder: shutil.rmtree(folder / "bundle"),
    "missing seal": lambda folder: (folder / "sha256").unlink(),
    "empty seal": lambda folder: (folder / "sha256").write_text(""),
    "binary seal": lambda folder: (folder / "sha256").write_bytes(b"\xff\xfe"),
    "added file": lambda folder: (folder / "bundle" / "x.py").write_text("1/0"),
}


@pytest.mark.parametrize("kind", list(CACHES))
def test_what_is_damaged_in_the_cache_is_fetched_again(
    registry: Registry, trained_model: TrainedModel, cache: Path, kind: str
) -> None:
    version = registry.registered.version
    first = BundleSource(registry.tracking_uri, cache).get(version)
    CACHES[kind](kept(cache, version))
    second = BundleSource(registry.tracking_uri, cache).get(version)
    assert foretell(second, trained_model) == foretell(first, trained_model)
    load_bundle(
        kept(cache, version) / "bundle", version=version, sha256=trained_model.sha256
    )


def replace_by_link(folder: Path) -> None:
    """Let a file of the bundle be one that lies elsewhere."""
    secret = folder.parent / "secret.txt"
    secret.write_text("canary", encoding="utf-8")
    (folder / "churn.txt").unlink()
    (folder / "churn.txt").symlink_to(secret)


def replace_by_pipe(folder: Path) -> None:
    """Let a file of the bundle be a pipe that nobody writes to."""
    (folder / "churn.txt").unlink()
    os.mkfifo(folder / "churn.txt")


def make_giant(folder: Path) -> None:
    """Let a file of the bundle be larger than the disk."""
    with (folder / "churn.txt").open("ab") as file:
        file.truncate(100 * 2**30)


ARTIFACTS: dict[str, tuple[Damage, str]] = {
    "altered": (
        lambda folder: (folder / "churn.txt").write_text("tree"),
        r"churn\.txt is not the file that was saved",
    ),
    "forged manifest": (
        lambda folder: (folder / "manifest.json").write_text("{}"),
        "not the one that was registered",
    ),
    "missing file": (
        lambda folder: (folder / "golden.parquet").unlink(),
        r"misses or adds: golden\.parquet",
    ),
    "program": (
        lambda folder: (folder / "python_model.py").write_text("raise SystemExit"),
        r"python_model\.py is no file of a bundle",
    ),
    "folder": (
        lambda folder: os.mkdir(folder / "code"),
        "code is no file of a bundle",
    ),
    "link": (replace_by_link, r"churn\.txt is not the file|cannot be fetched"),
    "pipe": (replace_by_pipe, r"churn\.txt is not the file|cannot be fetched"),
    "giant": (make_giant, r"churn\.txt is no file of a bundle, or too large"),
    "nothing": (shutil.rmtree, "cannot be fetched"),
}


@pytest.mark.parametrize("kind", list(ARTIFACTS))
def test_what_was_altered_in_the_registry_is_refused_and_not_kept(
    registry: Registry,
    trained_model: TrainedModel,
    source: BundleSource,
    cache: Path,
    tmp_path: Path,
    kind: str,
) -> None:
    damage, message = ARTIFACTS[kind]
    version = forge(registry, trained_model, tmp_path / "forged", damage=damage)
    with pytest.raises(BundleError, match=message):
        source.get(version)
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_the_bundle_in_service_stays_when_the_next_is_refused(
    registry: Registry,
    trained_model: TrainedModel,
    source: BundleSource,
    tmp_path: Path,
) -> None:
    good = source.get(registry.registered.version)
    damage = ARTIFACTS["altered"][0]
    version = forge(registry, trained_model, tmp_path / "forged", damage=damage)
    with pytest.raises(BundleError, match="not the file that was saved"):
        source.get(version)
    assert source.get(registry.registered.version) is good


def test_another_hash_in_the_registry_is_refused(
    registry: Registry,
    trained_model: TrainedModel,
    source: BundleSource,
    tmp_path: Path,
) -> None:
    version = forge(
        registry,
        trained_model,
        tmp_path / "forged",
        damage=lambda folder: None,
        sha256="0" * 64,
    )
    with pytest.raises(BundleError, match="not the one that was registered"):
        source.get(version)


def test_a_version_without_a_hash_is_refused(
    registry: Registry, source: BundleSource
) -> None:
    client = connect(registry.tracking_uri)
    run_id = registry.registered.run_id
    created = client.create_model_version(MODEL_NAME, "file:///nowhere", run_id)
    with pytest.raises(BundleError, match="has no bundle_sha256 in the registry"):
        source.get(str(created.version))


def test_a_version_that_is_not_there_is_refused(source: BundleSource) -> None:
    with pytest.raises(BundleError, match="has no version 4711"):
        source.get("4711")


def test_without_a_promotion_there_is_no_champion(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'regulars.db'}"
    connect(uri)
    with pytest.raises(BundleError, match="There is no champion"):
        BundleSource(uri, tmp_path / "cache").champion()


def test_two_registries_do_not_share_their_versions(
    registry: Registry, source: BundleSource, cache: Path, tmp_path: Path
) -> None:
    source.get(registry.registered.version)
    other = f"sqlite:///{tmp_path / 'other.db'}"
    connect(other)
    with pytest.raises(BundleError, match="has no version"):
        BundleSource(other, cache).get(registry.registered.version)


def test_two_programs_may_fetch_the_same_version_at_once(
    registry: Registry, cache: Path
) -> None:
    """One of them finds the other's folder in its place, and serves all the same."""
    found: list[Bundle] = []

    def fetch() -> None:
        source = BundleSource(registry.tracking_uri, cache)
        found.append(source.get(registry.registered.version))

    threads = [Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [bundle.version for bundle in found] == [registry.registered.version] * 4
    assert len(np.unique([len(bundle.reference) for bundle in found])) == 1
