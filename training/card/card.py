"""The card of a version: all that is said of it, in JSON values."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from training.card.drivers import rank_drivers
from training.origin import Origin
from training.version import FittedModel, Judged

if TYPE_CHECKING:
    from features.door.log import Log

LIBRARIES = (
    "duckdb",
    "lightgbm",
    "numpy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "scipy",
)


@dataclass(frozen=True, slots=True)
class OwnFacts:
    """What the card says of one kind of churn alone.

    Parameters
    ----------
    features : sequence of str
        The columns that the model sees.
    windows_days : sequence of int
        The days that they look back on.
    snapshots : sequence of mapping
        What it was trained on; see ``describe_snapshot``.
    training_rows : int
    facts : mapping
        Of the log.
    notes, improvements, limits : sequence
        What a user should know, in words.
    more : mapping
        What no other kind has.
    """

    features: Sequence[str]
    windows_days: Sequence[int]
    snapshots: Sequence[Mapping[str, Any]]
    training_rows: int
    facts: Mapping[str, Any]
    notes: Sequence[str]
    improvements: Sequence[Mapping[str, str]]
    limits: Sequence[Mapping[str, str]]
    more: Mapping[str, Any]


def write_card(
    log: Log,
    fitted: FittedModel,
    holdout: Judged,
    own: OwnFacts,
    *,
    as_of: datetime,
    seed: int,
) -> dict[str, Any]:
    """Return the card of a fitted model.

    Parameters
    ----------
    log : Log
    fitted : FittedModel
    holdout : Holdout or Unjudged
        Of the same recipe.
    own : OwnFacts
        Of its kind.
    as_of : datetime
        Of the fit.
    seed : int
    """
    model = fitted.model
    return {
        "as_of": as_of.isoformat(),
        "horizon_days": model.horizon_days,
        "n_customers": len(fitted.features),
        "n_features": len(own.features),
        "features": list(own.features),
        "windows_days": list(own.windows_days),
        "fingerprint": model.fingerprint(log, as_of=as_of),
        "data": {
            "starts_at": log.starts_at.isoformat(),
            "ends_at": log.ends_at.isoformat(),
            "currency": log.currency,
            "tables": describe_tables(log),
            "facts": dict(own.facts),
            "notes": list(own.notes),
        },
        "seed": seed,
        "snapshots": list(own.snapshots),
        "training_rows": own.training_rows,
        "churn_blend": model.churn.blend_,
        "score_basis": model.basis.name,
        "score_basis_reason": model.basis.reason,
        "clusters": [
            {"id": c.id, "name": dict(c.name), "n_customers": c.n_customers}
            for c in model.clusters.clusters_
        ],
        "holdout": holdout.to_dict(),
        "grade": holdout.grade,
        "improvements": list(own.improvements),
        "limits": list(own.limits),
        "drivers": rank_drivers(model, fitted.features, seed=seed),
        **own.more,
        "made": describe_made(),
    }


def describe_snapshot(
    origin: Origin, churned: npt.NDArray[np.float64]
) -> dict[str, Any]:
    """Describe one snapshot that a version was trained on."""
    return {
        "as_of": origin.as_of.isoformat(),
        "horizon_days": origin.horizon_days,
        "n_customers": len(churned),
        "churn_rate": float(churned.mean()),
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
