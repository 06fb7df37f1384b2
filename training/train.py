"""Train a version: judge the recipe on a later period, then fit it on all there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from features.door.log_files import Log
from features.purchases.readiness import check_readiness
from models.bundle.bundle import save_bundle
from training.card import write_card
from training.core import Recipe, ThinHistoryError
from training.fit import Fitted, fit_customer_model
from training.grading import Gate, Holdout, judge
from training.schedule import Origin, holdout_origin
from training.snapshots import build_snapshots
from training.unjudged import Unjudged, fit_unjudged

Progress = Callable[[str], None]
REFERENCE_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """How to train.

    Parameters
    ----------
    horizon : timedelta
        Length of the time that is foretold.
    seed : int
    gate : Gate
    parameters : dict or None
        LightGBM's, where they differ.
    tuning : dict or None
        What is told in the card of how they were found.
    """

    horizon: timedelta
    seed: int = 0
    gate: Gate = Gate()
    parameters: dict[str, Any] | None = None
    tuning: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A version that is not registered yet.

    Parameters
    ----------
    folder : Path
        The bundle.
    sha256 : str
        Of its manifest.
    card : dict
        What is told of it, in JSON values.
    fitted : Fitted
    holdout : Holdout or Unjudged
    """

    folder: Path
    sha256: str
    card: dict[str, Any]
    fitted: Fitted
    holdout: Holdout | Unjudged


def train(
    log: Log,
    *,
    as_of: datetime,
    folder: Path,
    options: TrainOptions,
    progress: Progress = lambda step: None,
) -> TrainedModel:
    """Judge, fit and write a bundle.

    The recipe is judged on the latest period whose future is known: fitted at its
    start, on nothing later. The served model is then the same recipe fitted at
    ``as_of``; where a model lost to a simple method, that method is served. Where
    nothing can be judged, BG/NBD with Gamma-Gamma is served, and below the published
    minimum no prediction; see ``training.unjudged``.

    Parameters
    ----------
    log : Log
    as_of : datetime
        End of what may be seen, exclusive.
    folder : Path
        Where the bundle is written; empty or absent.
    options : TrainOptions
    progress : callable
        Told what is done next.

    Returns
    -------
    TrainedModel

    Raises
    ------
    DataError
        If nobody bought before ``as_of``.
    """
    days = round(options.horizon / timedelta(days=1))
    readiness = check_readiness(log, as_of=as_of, horizon=options.horizon)
    found: tuple[Fitted, Holdout | Unjudged] | None = None
    if readiness.ready:
        found = _fit_and_judge(log, as_of, options, days=days, progress=progress)
    if found is None:
        progress("what needs no later period to be judged on")
        found = fit_unjudged(
            log,
            as_of=as_of,
            horizon_days=days,
            seed=options.seed,
            readiness=readiness,
        )
    fitted, holdout = found
    progress("writing the bundle")
    card = write_card(log, fitted, holdout, readiness=readiness, seed=options.seed)
    if options.tuning is not None:
        card["tuning"] = options.tuning
    features = fitted.features
    rows = np.random.default_rng(options.seed).permutation(len(features))
    sha256 = save_bundle(
        folder,
        fitted.model,
        reference=features.iloc[rows[:REFERENCE_ROWS]],
        card=card,
        facts={key: card[key] for key in ("as_of", "horizon_days", "fingerprint")}
        | {"made": card["made"]},
    )
    return TrainedModel(folder, sha256, card, fitted, holdout)


def _fit_and_judge(
    log: Log,
    as_of: datetime,
    options: TrainOptions,
    *,
    days: int,
    progress: Progress,
) -> tuple[Fitted, Holdout] | None:
    """Judge the recipe, then fit it for good; None where it cannot be judged."""
    origin = holdout_origin(starts_at=log.starts_at, as_of=as_of, horizon_days=days)
    if origin is None:
        return None
    try:
        holdout = _judge_at(log, origin, options, progress=progress)
    except ThinHistoryError:
        return None
    fitted = fit_customer_model(
        log,
        as_of=as_of,
        horizon_days=days,
        recipe=Recipe(options.seed, options.parameters, holdout.served),
        progress=progress,
    )
    return fitted, holdout


def _judge_at(
    log: Log, origin: Origin, options: TrainOptions, *, progress: Progress
) -> Holdout:
    def tell(step: str) -> None:
        progress(f"holdout: {step}")

    early = fit_customer_model(
        log,
        as_of=origin.as_of,
        horizon_days=origin.horizon_days,
        recipe=Recipe(options.seed, options.parameters),
        progress=tell,
    )
    truth = build_snapshots(log, early.model.plan, as_of=origin.as_of, origins=[origin])
    return judge(early, truth.labels[origin], gate=options.gate)
