"""What the registry asks of a trained version, whichever the kind of churn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.bundle.kinds import ServedModel
from training.schedule import Origin

Floats = npt.NDArray[np.float64]


class Judged(Protocol):
    """How a model and the simple methods did on customers they had not seen."""

    @property
    def origin(self) -> Origin:
        """When it was judged, and how far ahead."""

    @property
    def churn(self) -> dict[str, dict[str, float]]:
        """Name of a method to its metrics of churn."""

    @property
    def value(self) -> dict[str, dict[str, float]]:
        """Name of a method to its metrics of value."""

    @property
    def passed(self) -> tuple[str, ...]:
        """The models that beat every simple method."""

    @property
    def served_ranking(self) -> dict[str, float]:
        """AUC and Gini of what may be served."""

    @property
    def grade(self) -> str:
        """From A to D."""

    @property
    def reason(self) -> str:
        """Why it is served, or what in its place."""

    @property
    def p(self) -> Floats:
        """The probabilities, of shape (n,)."""

    @property
    def expected(self) -> Floats:
        """The expected values."""

    @property
    def churned(self) -> Floats:
        """Who churned."""

    @property
    def actual(self) -> Floats:
        """What came."""


class FittedModel(Protocol):
    """A model, and the features at the instant of the fit."""

    @property
    def model(self) -> ServedModel:
        """The model that is served."""

    @property
    def features(self) -> pd.DataFrame:
        """One row a customer, by ``customer_id``."""


class Version(Protocol):
    """A version that is not registered yet."""

    @property
    def folder(self) -> Path:
        """The bundle."""

    @property
    def sha256(self) -> str:
        """Of its manifest."""

    @property
    def card(self) -> dict[str, Any]:
        """What is told of it, in JSON values."""

    @property
    def fitted(self) -> FittedModel:
        """What was fitted."""

    @property
    def holdout(self) -> Judged:
        """How it did."""
