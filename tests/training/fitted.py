"""The fit of a version of purchases."""

from __future__ import annotations

from training.fit.purchases import Fitted
from training.version import TrainedModel


def fit_of(trained: TrainedModel) -> Fitted:
    """Return its fit, which is one of purchases."""
    assert isinstance(trained.fitted, Fitted)
    return trained.fitted
