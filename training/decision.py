"""Whether a version may be served: by its own holdout, and beside the champion's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.champion import ABSENT, CHAMPION, MODEL_NAME, alias_version
from training.judge.gate import Gate
from training.judge.unjudged import Unjudged
from training.version import Judged, TrainedModel

if TYPE_CHECKING:
    from mlflow import MlflowClient

HOLDOUT = ("holdout_as_of", "holdout_horizon_days")


def decide(client: MlflowClient, trained: TrainedModel, gate: Gate) -> tuple[bool, str]:
    """Promote what beats the simple methods, or else the simple method itself.

    Neither is where the champion did clearly better on the same holdout.
    """
    holdout = trained.holdout
    behind = fall_behind(client, holdout, gate)
    if behind:
        return False, behind
    if isinstance(holdout, Unjudged):
        return _decide_unjudged(client, holdout)
    return True, holdout.reason


def _decide_unjudged(client: MlflowClient, holdout: Unjudged) -> tuple[bool, str]:
    """Serve what was not judged only where nothing that was judged is served."""
    champion = alias_version(client, CHAMPION)
    if champion is not None and "churn_served_auc" in _recorded_of(client, champion)[1]:
        return False, (
            f"not judged, so the champion, version {champion}, stays: "
            f"{holdout.basis.reason}"
        )
    return True, holdout.reason


def fall_behind(client: MlflowClient, holdout: Judged, gate: Gate) -> str:
    """Say where a version is clearly worse than the champion; nothing if nowhere.

    Only figures of the same holdout are held against each other.
    """
    champion = alias_version(client, CHAMPION)
    if champion is None:
        return ""
    params, metrics = _recorded_of(client, champion)
    if holdout_of(holdout) != {key: params.get(key) for key in HOLDOUT}:
        return ""
    ranking = holdout.served_ranking
    most = {
        "churn_served_auc": ("AUC of churn", gate.max_auc_loss),
        "value_served_gini": ("Gini of value", gate.max_gini_loss),
    }
    losses = [
        f"{name} {ranking[key]:.3f} against {metrics[key]:.3f}"
        for key, (name, loss) in most.items()
        if key in metrics and ranking[key] < metrics[key] - loss
    ]
    if not losses:
        return ""
    return (
        f"clearly worse than the champion, version {champion}, on the same holdout: "
        f"{', '.join(losses)}"
    )


def _recorded_of(
    client: MlflowClient, version: str
) -> tuple[dict[str, str], dict[str, float]]:
    """Return the parameters and metrics of a version; none if its run is gone."""
    from mlflow.exceptions import MlflowException

    run_id = client.get_model_version(MODEL_NAME, version).run_id
    try:
        data = client.get_run(run_id or "").data
    except MlflowException as exc:
        if exc.error_code in ABSENT:
            return {}, {}
        raise
    return data.params, data.metrics


def holdout_of(holdout: Judged) -> dict[str, str]:
    """Return the parameters by which two holdouts are known to be the same."""
    origin = holdout.origin
    values = (origin.as_of.isoformat(), str(origin.horizon_days))
    return dict(zip(HOLDOUT, values, strict=True))
