"""What MLflow holds of a version once it is registered."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from models.bundle.bundle import BOOSTERS, FILES, MANIFEST, load_bundle
from training.champion import CHALLENGER, CHAMPION, MODEL_NAME
from training.registry import SHA256_TAG, connect, local_folder
from training.train import TrainedModel

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

    from tests.conftest import Registry


@pytest.fixture(scope="module")
def client(registry: Registry) -> MlflowClient:
    """Open the registry."""
    return connect(registry.tracking_uri)


@pytest.fixture(scope="module")
def version(client: MlflowClient, registry: Registry) -> ModelVersion:
    """Return the version that was registered."""
    return client.get_model_version(MODEL_NAME, registry.registered.version)


@pytest.fixture(scope="module")
def run(client: MlflowClient, registry: Registry) -> Run:
    """Return the run that it came of."""
    return client.get_run(registry.registered.run_id)


@pytest.fixture(scope="module")
def files(run: Run) -> Path:
    """Return where the run's files are."""
    uri = str(run.info.artifact_uri)
    assert uri.startswith("file://")
    return Path(uri.removeprefix("file://"))


def test_the_version_is_challenger_and_champion(
    client: MlflowClient, registry: Registry
) -> None:
    assert registry.registered.promoted
    for alias in (CHALLENGER, CHAMPION):
        found = client.get_model_version_by_alias(MODEL_NAME, alias)
        assert str(found.version) == registry.registered.version


def test_the_version_carries_the_hash_of_its_bundle(
    version: ModelVersion, trained_model: TrainedModel
) -> None:
    assert version.tags[SHA256_TAG] == trained_model.sha256


def test_the_decision_is_told(version: ModelVersion, registry: Registry) -> None:
    assert version.tags["decision"] == registry.registered.reason
    assert registry.registered.reason.startswith("grade ")


def test_the_run_is_finished_and_the_versions(
    run: Run, version: ModelVersion, registry: Registry
) -> None:
    assert run.info.status == "FINISHED"
    assert version.run_id == run.info.run_id == registry.registered.run_id


def test_parameters_tell_how_it_was_trained(
    run: Run, trained_model: TrainedModel
) -> None:
    params, card = run.data.params, trained_model.card
    for name in ("as_of", "horizon_days", "seed", "fingerprint", "score_basis"):
        assert params[name] == str(card[name])
    assert params["holdout_as_of"] == card["holdout"]["as_of"]
    assert params["grade"] == card["grade"]


def test_metrics_tell_how_it_did_against_the_simple_methods(
    run: Run, trained_model: TrainedModel
) -> None:
    metrics, holdout = run.data.metrics, trained_model.holdout
    for name in ("model", "recency", "rfm", "bgnbd"):
        assert metrics[f"churn_{name}_auc"] == holdout.churn[name]["auc"]
        assert metrics[f"value_{name}_gini"] == holdout.value[name]["gini"]
    assert metrics["churn_model_ece"] == holdout.churn["model"]["ece"]
    assert metrics["churn_model_lift_at_10pct"] > 0


def test_the_bundle_is_there_whole(
    files: Path, trained_model: TrainedModel, version: ModelVersion
) -> None:
    folder = files / "model" / "bundle"
    assert {path.name for path in folder.iterdir()} == {
        *FILES,
        *BOOSTERS.values(),
        MANIFEST,
    }
    sha256 = version.tags[SHA256_TAG]
    load_bundle(folder, version="1", sha256=sha256)
    manifest = (folder / MANIFEST).read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == trained_model.sha256


def test_pictures_and_card_are_there(files: Path, trained_model: TrainedModel) -> None:
    names = {path.name for path in (files / "plots").iterdir()}
    assert {"reliability.png", "lift.png", "value_deciles.png"} < names
    assert {"shap_churn.png", "shap_value.png"} < names
    card = json.loads((files / "card.json").read_text(encoding="utf-8"))
    assert card == trained_model.card


def test_mlflow_knows_the_booster_with_signature_and_example(
    run: Run, files: Path, trained_model: TrainedModel
) -> None:
    import mlflow.lightgbm
    from mlflow.models import Model

    model = Model.load(str(files / "model"))
    names = list(trained_model.fitted.model.churn.feature_names_in_)
    assert model.signature is not None
    assert model.signature.inputs.input_names() == names
    example = cast(Any, model.load_input_example(str(files / "model")))
    assert list(example.columns) == names
    booster = mlflow.lightgbm.load_model(str(files / "model"))
    np.testing.assert_array_equal(
        booster.predict(example),
        trained_model.fitted.model.boosters["churn"].predict(example),
    )
    assert run.info.artifact_uri


def test_no_file_is_a_pickle(files: Path) -> None:
    """Neither by name nor by its first bytes."""
    for path in files.rglob("*"):
        if path.is_file():
            assert path.suffix not in {".pkl", ".pickle", ".joblib", ".skops", ".py"}
            assert path.read_bytes()[:2] not in {b"\x80\x02", b"\x80\x03", b"\x80\x04"}
            assert path.read_bytes()[:2] != b"\x80\x05"


def test_no_customer_is_named_in_any_file(
    files: Path, trained_model: TrainedModel
) -> None:
    ids = [str(name).encode() for name in trained_model.fitted.features.index[:20]]
    for path in files.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert not any(b'"' + name + b'"' in raw for name in ids), path.name


def test_a_store_that_is_not_there_yet_is_made(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'new' / 'folder' / 'regulars.db'}"
    client = connect(uri)
    assert client.get_registered_model(MODEL_NAME).name == MODEL_NAME
    assert connect(uri).get_registered_model(MODEL_NAME).name == MODEL_NAME


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("sqlite:////abs/mlflow/regulars.db", Path("/abs/mlflow")),
        ("http://mlflow.example:5000", None),
    ],
)
def test_only_a_store_in_a_file_has_a_folder(uri: str, folder: Path | None) -> None:
    assert local_folder(uri) == folder
