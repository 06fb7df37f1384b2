"""A version of a model of regular amounts, before it is registered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.bundle.bundle import save_bundle
from models.recurring.model import MixedModel
from training.mixed_holdout import MixedHoldout
from training.train import REFERENCE_ROWS


@dataclass(frozen=True, slots=True)
class MixedFitted:
    """A fitted model, and the features at the instant of the fit."""

    model: MixedModel
    features: pd.DataFrame


@dataclass(frozen=True, slots=True)
class MixedVersion:
    """A version that is not registered yet; as ``training.train.TrainedModel``."""

    folder: Path
    sha256: str
    card: dict[str, Any]
    fitted: MixedFitted
    holdout: MixedHoldout


def save_version(
    folder: Path,
    fitted: MixedFitted,
    holdout: MixedHoldout,
    *,
    card: dict[str, Any],
    seed: int,
) -> MixedVersion:
    """Write the bundle of a fitted model."""
    rows = np.random.default_rng(seed).permutation(len(fitted.features))
    facts = {key: card[key] for key in ("as_of", "horizon_days", "fingerprint")}
    sha256 = save_bundle(
        folder,
        fitted.model,
        reference=fitted.features.iloc[rows[:REFERENCE_ROWS]],
        card=card,
        facts=facts | {"made": card["made"]},
    )
    return MixedVersion(folder, sha256, card, fitted, holdout)
