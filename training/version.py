"""A version that is trained and not registered yet, whichever the kind of churn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from models.kind import ServedModel
from training.judge.holdout import Holdout
from training.judge.unjudged import Unjudged

Judged = Holdout | Unjudged


class FittedModel(Protocol):
    """A model, and the features at the instant of the fit."""

    @property
    def model(self) -> ServedModel:
        """The model that is served."""

    @property
    def features(self) -> pd.DataFrame:
        """One row a customer, by ``customer_id``."""


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
        What is said of it, in JSON values.
    fitted : FittedModel
    holdout : Holdout or Unjudged
    """

    folder: Path
    sha256: str
    card: dict[str, Any]
    fitted: FittedModel
    holdout: Judged
