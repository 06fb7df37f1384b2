"""Tests of what a version's card tells: drivers, limits and what would help."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from features.purchases.readiness import Readiness, check_readiness
from tests.conftest import AS_OF, HORIZON_DAYS
from training.card.advice import COLUMNS, write_improvements, write_limits
from training.card.drivers import MOST_DRIVERS
from training.judge.holdout import Holdout

if TYPE_CHECKING:
    from features.door.log_files import Log
    from training.train import TrainedModel, TrainOptions


@pytest.fixture(scope="module")
def readiness(buyers_log: Log, options: TrainOptions) -> Readiness:
    """Say what the log holds."""
    return check_readiness(buyers_log, as_of=AS_OF, horizon=options.horizon)


def with_history(readiness: Readiness, days: int) -> Readiness:
    """Return the same of a log with another length."""
    return replace(readiness, facts={**readiness.facts, "history_days": days})


def judged(trained: TrainedModel) -> Holdout:
    """Return its holdout, which it has."""
    assert isinstance(trained.holdout, Holdout)
    return trained.holdout


def test_the_card_is_json_and_repeats_no_customer(trained_model: TrainedModel) -> None:
    text = json.dumps(trained_model.card, allow_nan=False)
    ids = trained_model.fitted.features.index
    assert not any(f'"{customer_id}"' in text for customer_id in ids)


def test_drivers_are_features_the_strongest_first(trained_model: TrainedModel) -> None:
    for drivers in trained_model.card["drivers"].values():
        strengths = [each["mean_contribution"] for each in drivers]
        assert 0 < len(drivers) <= MOST_DRIVERS
        assert strengths == sorted(strengths, reverse=True)
        assert strengths[-1] > 0


def test_only_what_is_absent_would_help(
    trained_model: TrainedModel, readiness: Readiness
) -> None:
    told = " ".join(
        each["en"] for each in write_improvements(judged(trained_model), readiness)
    )
    assert "transactions.category" in told
    for present in (
        "transactions.order_id",
        "transactions.product_id",
        "interactions:",
    ):
        assert present not in told
    whole = with_history(replace(readiness, would_help={}), 10_000)
    many = replace(whole, facts={**whole.facts, "customers": 10_000})
    assert write_improvements(judged(trained_model), many) == []


def test_a_short_history_is_a_limit_and_what_would_help(
    trained_model: TrainedModel, readiness: Readiness
) -> None:
    short = with_history(readiness, 200)
    holdout = judged(trained_model)
    told = write_limits(holdout, short, horizon_days=90, label_days=20)
    en = " ".join(each["en"] for each in told)
    assert f"judged {HORIZON_DAYS} days ahead" in en
    assert "from 20 days each" in en
    assert "it knows no season" in en
    assert "do not say what causes it" in en
    assert "longer history" in write_improvements(holdout, short)[0]["en"]


def test_whole_labels_and_years_are_no_limit(
    trained_model: TrainedModel, readiness: Readiness
) -> None:
    long = with_history(readiness, 800)
    told = write_limits(
        judged(trained_model), long, horizon_days=HORIZON_DAYS, label_days=HORIZON_DAYS
    )
    en = " ".join(each["en"] for each in told)
    assert "extrapolated" not in en
    assert "season" not in en


def test_everything_is_told_in_both_languages(trained_model: TrainedModel) -> None:
    for kind in ("improvements", "limits"):
        for each in trained_model.card[kind]:
            assert each["en"].endswith(".")
            assert each["zh"].endswith("。")
    assert all(set(text) == {"en", "zh"} for text in COLUMNS.values())
