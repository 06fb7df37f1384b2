"""Write versions to MLflow: the run, its pictures, its bundle, its aliases."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from training.card.plots import write_plots
from training.champion import (
    CHALLENGER,
    MODEL_NAME,
    make_champion,
)
from training.decision import decide, holdout_of
from training.judge.gate import Gate
from training.version import TrainedModel

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "regulars"
SHA256_TAG = "bundle_sha256"

WritePage = Callable[[Mapping[str, Any]], str]
"""Makes the page of a card, in HTML."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A version in the registry.

    Parameters
    ----------
    version : str
    run_id : str
        MLflow's run that holds its parameters, metrics and files.
    promoted : bool
        Whether it is the champion now.
    reason : str
        Why, or why not.
    """

    version: str
    run_id: str
    promoted: bool
    reason: str


def register(
    trained: TrainedModel,
    *,
    tracking_uri: str,
    gate: Gate | None = None,
    write_page: WritePage | None = None,
) -> Registered:
    """Log a trained version, and promote it if it may be served.

    Parameters
    ----------
    trained : Version
    tracking_uri : str
        Of the MLflow store; it is made if it is a local one that is not there yet.
    gate : Gate or None
        How far the version may fall behind the champion; None for the usual one.
    write_page : callable or None
        Makes ``card.html`` of the card, which is then logged too.

    Returns
    -------
    Registered
        ``challenger`` in any case; ``champion`` where it passed.
    """
    client = connect(tracking_uri)
    run = client.create_run(_experiment(client, tracking_uri))
    run_id = run.info.run_id
    _log(client, run_id, trained)
    source = f"{run.info.artifact_uri}/model"
    created = client.create_model_version(
        MODEL_NAME, source, run_id, tags={SHA256_TAG: trained.sha256}
    )
    version = str(created.version)
    if write_page is not None:
        page = write_page({**trained.card, "version": version})
        client.log_text(run_id, page, "card.html")
    client.set_registered_model_alias(MODEL_NAME, CHALLENGER, version)
    promoted, reason = decide(client, trained, gate or Gate())
    client.set_model_version_tag(MODEL_NAME, version, "decision", reason)
    if promoted:
        make_champion(client, version, reason=reason)
    client.set_terminated(run_id)
    return Registered(version, run_id, promoted, reason)


def connect(tracking_uri: str) -> MlflowClient:
    """Return a client whose registry knows the model."""
    _make_folder(tracking_uri)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mlflow's own, on import
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    client = MlflowClient(tracking_uri, tracking_uri)
    try:
        client.get_registered_model(MODEL_NAME)
    except MlflowException:
        client.create_registered_model(MODEL_NAME)
    return client


def _experiment(client: MlflowClient, tracking_uri: str) -> str:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is not None:
        return str(experiment.experiment_id)
    folder = local_folder(tracking_uri)
    place = None if folder is None else (folder / "artifacts").as_uri()
    return str(client.create_experiment(EXPERIMENT, artifact_location=place))


def _log(client: MlflowClient, run_id: str, trained: TrainedModel) -> None:
    from mlflow.entities import Metric, Param

    params = {key: str(value)[:500] for key, value in _parameters(trained).items()}
    metrics = {key: float(value) for key, value in _metrics(trained).items()}
    client.log_batch(
        run_id,
        params=[Param(key, value) for key, value in params.items()],
        metrics=[Metric(_plain(k), v, 0, 0) for k, v in metrics.items()],
    )
    client.log_dict(run_id, trained.card, "card.json")
    with tempfile.TemporaryDirectory() as folder:
        plots = Path(folder) / "plots"
        write_plots(
            plots,
            outcome=trained.holdout.outcome,
            model=trained.fitted.model,
            features=trained.fitted.features,
        )
        client.log_artifacts(run_id, str(plots), "plots")
        booster = trained.fitted.model.boosters.get("churn")
        if booster is not None:
            model = Path(folder) / "model"
            _save_flavour(model, trained, booster)
            client.log_artifacts(run_id, str(model), "model")
    client.log_artifacts(run_id, str(trained.folder), "model/bundle")


def _save_flavour(folder: Path, trained: TrainedModel, booster: Any) -> None:
    """Save the churn booster as MLflow knows it, with signature and input example."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mlflow's own, on import and on integers
        import mlflow.lightgbm
        from mlflow.models import infer_signature

        model = trained.fitted.model
        X = model.design(trained.fitted.features.head(5))
        X = X[list(model.churn.feature_names_in_)].astype(float)
        mlflow.lightgbm.save_model(
            booster,
            str(folder),
            signature=infer_signature(X, booster.predict(X)),
            input_example=X,
            pip_requirements=["lightgbm"],
        )


def _parameters(trained: TrainedModel) -> dict[str, Any]:
    keys = (
        "as_of",
        "horizon_days",
        "seed",
        "n_features",
        "training_rows",
        "fingerprint",
        "churn_blend",
        "value_blend",
        "score_basis",
        "windows_days",
    )
    return {key: trained.card[key] for key in keys} | {
        **holdout_of(trained.holdout),
        "git_commit": trained.card["made"]["git_commit"],
        "grade": trained.holdout.grade,
        **_tuning(trained, ("study", "best_parameters", "is_used", "margin")),
    }


def _metrics(trained: TrainedModel) -> dict[str, float]:
    return {
        f"{target}_{name}_{metric}": value
        for target in ("churn", "value")
        for name, metrics in getattr(trained.holdout, target).items()
        for metric, value in metrics.items()
    } | {
        **trained.holdout.served_ranking,
        **_tuning(trained, ("n_trials", "default_value", "best_value")),
    }


def _tuning(trained: TrainedModel, keys: tuple[str, ...]) -> dict[str, Any]:
    """Return what a search for parameters came to, where there was one."""
    tuning = trained.card.get("tuning")
    return {} if tuning is None else {f"tuning_{key}": tuning[key] for key in keys}


def _plain(name: str) -> str:
    return name.replace("%", "pct")


def local_folder(tracking_uri: str) -> Path | None:
    """Return the folder of a SQLite store, None for a server."""
    parts = urlsplit(tracking_uri)
    return Path(parts.path[1:]).parent if parts.scheme == "sqlite" else None


def _make_folder(tracking_uri: str) -> None:
    folder = local_folder(tracking_uri)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
