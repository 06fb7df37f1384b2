"""What the settings say of how to train, whatever the kind of churn."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from features.attributes.survey import AttributeWish
from training.judge.gate import Gate
from training.kinds.learner import TrainOptions

if TYPE_CHECKING:
    from regulars.settings.settings import Settings


def train_options(settings: Settings) -> TrainOptions:
    """Return how to train by these settings."""
    model = settings.model
    return TrainOptions(
        horizon=timedelta(days=model.horizon_days),
        seed=model.seed,
        gate=Gate(**settings.gate.model_dump()),
        kind=model.kind,
        attributes=AttributeWish(
            label=model.label,
            churned=model.churned,
            monthly_amount=model.monthly_amount,
            sensitive=model.sensitive,
            leave_out=model.leave_out,
        ),
    )
