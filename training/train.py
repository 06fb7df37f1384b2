"""Train a version: judge the recipe where it has not been, then fit it on all."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from models.bundle.bundle import save_bundle
from training.card.card import write_card
from training.kinds import find_learner
from training.kinds.learner import Learner, TrainOptions
from training.origin import Progress, ThinHistoryError, silent
from training.version import FittedModel, Judged, TrainedModel

if TYPE_CHECKING:
    from features.door.log import Log

__all__ = ["TrainOptions", "TrainedModel", "train"]

REFERENCE_ROWS = 2_000
"""Customers of the fit that the bundle describes, for drift."""


def train(
    log: Log,
    *,
    as_of: datetime,
    folder: Path,
    options: TrainOptions,
    progress: Progress = silent,
) -> TrainedModel:
    """Judge, fit and write a bundle.

    The recipe is judged on customers whose future it has not seen: of purchases and
    contracts on the latest period whose future is known, fitted at its start, on
    nothing later; of labels on customers held out. The served model is then the same
    recipe fitted on all there is at ``as_of``; where a model lost to a simple method,
    that method is served. Where nothing can be judged, the kind says what is served.

    Parameters
    ----------
    log : Log
    as_of : datetime
        End of what may be seen, exclusive.
    folder : Path
        Where the bundle is written; empty or absent.
    options : TrainOptions
    progress : callable
        Is called with what is done next.

    Returns
    -------
    TrainedModel

    Raises
    ------
    DataError
        If there is nothing to serve: nobody bought before ``as_of``, or too few
        customers have a contract or a label.
    """
    learner = find_learner(options.kind)(log, as_of=as_of, options=options)
    progress(f"looking at the {learner.kind.contents}")
    with threadpool_limits(1, "blas"):  # small matrices: threads only wait for others
        fitted, holdout = _judge_and_fit(learner, progress=progress)
    progress("writing the bundle")
    own = learner.describe(fitted, holdout)
    card = write_card(log, fitted, holdout, own, as_of=as_of, seed=options.seed)
    if options.tuning is not None:
        card["tuning"] = options.tuning
    sha256 = _save(folder, fitted, card, seed=options.seed)
    return TrainedModel(folder, sha256, card, fitted, holdout)


def _judge_and_fit(
    learner: Learner, *, progress: Progress
) -> tuple[FittedModel, Judged]:
    """Judge the recipe, then fit it for good."""
    origins = learner.origins(1) if learner.readiness().ready else ()
    if not origins:
        return learner.fall_back(progress=progress)

    def tell(step: str) -> None:
        progress(f"holdout: {step}")

    try:
        early = learner.fit_before(origins[-1], progress=tell)
    except ThinHistoryError:
        return learner.fall_back(progress=progress)
    holdout = learner.judge(early, origins[-1])
    return learner.fit_all(holdout.served, progress=progress), holdout


def _save(folder: Path, fitted: FittedModel, card: dict[str, Any], *, seed: int) -> str:
    """Write the bundle, and return the hash of its manifest."""
    rows = np.random.default_rng(seed).permutation(len(fitted.features))
    facts = {key: card[key] for key in ("as_of", "horizon_days", "fingerprint", "made")}
    return save_bundle(
        folder,
        fitted.model,
        reference=fitted.features.iloc[rows[:REFERENCE_ROWS]],
        card=card,
        facts=facts,
    )
