"""The card of a version: all that is told of it, in JSON values."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from features.door.fingerprint import fingerprint
from features.door.log_files import Log
from features.purchases.readiness import Readiness
from training.advice import write_improvements, write_limits
from training.drivers import rank_drivers
from training.fit import Fitted
from training.grading import Holdout
from training.schedule import Origin
from training.unjudged import Unjudged, describe_unjudged

LIBRARIES = (
    "duckdb",
    "lightgbm",
    "numpy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "scipy",
)


def write_card(
    log: Log,
    fitted: Fitted,
    holdout: Holdout | Unjudged,
    *,
    readiness: Readiness,
    seed: int,
) -> dict[str, Any]:
    """Return the card of a fitted model.

    Parameters
    ----------
    log : Log
    fitted : Fitted
    holdout : Holdout or Unjudged
        Of the same recipe.
    readiness : Readiness
        Of the log at the fit's ``as_of``.
    seed : int
    """
    model, schedule = fitted.model, fitted.schedule
    as_of = schedule.target.as_of
    return {
        "as_of": as_of.isoformat(),
        "horizon_days": model.horizon_days,
        "n_customers": len(fitted.features),
        **_sample(log),
        "n_features": len(model.plan.names),
        "features": list(model.plan.names),
        "windows_days": list(model.plan.windows),
        "fingerprint": fingerprint(log, as_of=as_of),
        "data": _data(log, readiness),
        "seed": seed,
        "snapshots": [_snapshot(fitted, origin) for origin in schedule.snapshots],
        "training_rows": fitted.rows,
        "level": fitted.level.to_dict(),
        "churn_blend": model.churn.blend_,
        "value_blend": model.value.blend_,
        "churn_calibration": model.churn_calibration.method,
        "score_basis": model.basis.name,
        "score_basis_reason": model.basis.reason,
        "clusters": [
            {"id": c.id, "name": dict(c.name), "n_customers": c.n_customers}
            for c in model.clusters.clusters_
        ],
        **_judgement(fitted, holdout, readiness),
        "drivers": rank_drivers(model, fitted.features, seed=seed),
        "made": describe_made(),
    }


def _judgement(
    fitted: Fitted, holdout: Holdout | Unjudged, readiness: Readiness
) -> dict[str, Any]:
    """Say how it did, what would improve it, and what it does not know."""
    if isinstance(holdout, Unjudged):
        return describe_unjudged(holdout)
    snapshots = fitted.schedule.snapshots
    return {
        "holdout": holdout.to_dict(),
        "grade": holdout.grade,
        "improvements": write_improvements(holdout, readiness),
        "limits": write_limits(
            holdout,
            readiness,
            horizon_days=fitted.model.horizon_days,
            label_days=max(origin.horizon_days for origin in snapshots),
        ),
    }


def _sample(log: Log) -> dict[str, Any]:
    """Say of how many customers those of the log are a sample, if they are one."""
    if log.sample is None:
        return {}
    n_customers, of_customers = log.sample
    return {"sample": {"n_customers": n_customers, "of_customers": of_customers}}


def _data(log: Log, readiness: Readiness) -> dict[str, Any]:
    """Describe the log: its days, its rows and what became of them."""
    return {
        "starts_at": log.starts_at.isoformat(),
        "ends_at": log.ends_at.isoformat(),
        "currency": log.currency,
        "tables": describe_tables(log),
        "facts": readiness.to_dict()["facts"],
        "notes": list(readiness.notes),
    }


def describe_tables(log: Log) -> dict[str, Any]:
    """Describe what became of each table's rows."""
    return {
        name: {
            "rows_in": report.rows_in,
            "rows_accepted": report.rows_accepted,
            "rejected": dict(report.rejected),
            "columns": list(report.columns),
        }
        for name, report in log.reports.items()
    }


def describe_made() -> dict[str, Any]:
    """Describe when and with what a version is made."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": _git_commit(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _snapshot(fitted: Fitted, origin: Origin) -> dict[str, Any]:
    labels: pd.DataFrame = fitted.snapshots.labels[origin]
    return {
        "as_of": origin.as_of.isoformat(),
        "horizon_days": origin.horizon_days,
        "n_customers": len(labels),
        "churn_rate": float(labels["churned"].mean()),
    }


def _git_commit() -> str | None:
    """Return the commit of the program, where it runs from a clone."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
