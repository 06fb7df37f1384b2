"""Logs that cannot carry a judged model: what is served, and what is left empty."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from features.door.log_files import Log, log_from_rows
from features.errors import DataError
from models.bundle.bundle import Bundle, load_bundle
from models.score.schema import SCORE_SCHEMA
from serving.api.pages import render_card
from serving.predict.customer_events import CustomerEvents
from serving.predict.events import score_events
from serving.runs.score import score_log
from tests.buyers import DAYS, STARTS_AT, Row, Rows, make_rows
from tests.conftest import AS_OF
from training.judge.unjudged import Unjudged
from training.registry import register
from training.train import TrainedModel, TrainOptions, train

FORETOLD = (
    "churn_probability",
    "expected_value",
    "value_low",
    "value_high",
    "expected_orders",
    "next_order_on",
    "risk_band",
    "priority",
    "value_at_risk",
    "churn_reasons",
    "value_reasons",
)


@pytest.fixture(scope="module")
def few() -> Rows:
    """Draw a log of far fewer customers than a model needs."""
    return make_rows(n_customers=40)


@pytest.fixture(scope="module")
def small(
    few: Rows, options: TrainOptions, tmp_path_factory: pytest.TempPathFactory
) -> TrainedModel:
    """Train on it."""
    folder = tmp_path_factory.mktemp("small") / "bundle"
    with few.open() as log:
        return train(log, as_of=AS_OF, folder=folder, options=options)


@pytest.fixture(scope="module")
def new_shop() -> list[Row]:
    """Draw 260 customers who all came in the last three weeks, and one of before."""
    rng = np.random.default_rng(0)
    rows = [{"customer_id": "old", "occurred_at": AS_OF - timedelta(80), "amount": 9.0}]
    for number in range(260):
        day = rng.uniform(0, 20)
        while day < 21:
            rows.append(
                {
                    "customer_id": f"n{number}",
                    "occurred_at": AS_OF - timedelta(days=21 - day),
                    "amount": round(float(rng.lognormal(3, 0.5)), 2),
                }
            )
            day += rng.exponential(9)
    return rows


def open_rows(rows: list[Row]) -> Log:
    return log_from_rows(transactions=rows, now=STARTS_AT + timedelta(days=DAYS))


def read(trained: TrainedModel) -> Bundle:
    return load_bundle(trained.folder, version="1", sha256=trained.sha256)


def test_below_the_minimum_nothing_is_foretold(few: Rows, small: TrainedModel) -> None:
    with few.open() as log:
        run = score_log(read(small), log, as_of=AS_OF)
    table = run.table
    assert table.schema == SCORE_SCHEMA
    for name in FORETOLD:
        assert table[name].null_count == table.num_rows, name
    for name in ("tier", "tier_reason", "lifecycle_stage", "cluster_name"):
        assert table[name].null_count == 0, name
    assert set(table["score_basis"].to_pylist()) == {"insufficient"}
    (reason,) = set(table["score_basis_reason"].to_pylist())
    assert f"customers with a purchase: {table.num_rows} of 200" in reason


def test_a_customer_sent_with_its_own_rows_is_left_empty_too(
    few: Rows, small: TrainedModel
) -> None:
    bundle = read(small)
    with few.open() as log:
        run = score_log(bundle, log, as_of=AS_OF)
    customer = run.table["customer_id"][0].as_py()
    own = few.of(customer)
    sent = CustomerEvents(customer, own.transactions, own.interactions)
    alone = score_events(bundle, [sent], context=run.context)
    assert alone.to_pylist() == run.table.slice(0, 1).to_pylist()


def test_without_a_period_to_judge_on_btyd_is_served(
    new_shop: list[Row], options: TrainOptions, tmp_path: Path
) -> None:
    with open_rows(new_shop) as log:
        trained = train(log, as_of=AS_OF, folder=tmp_path / "bundle", options=options)
        table = score_log(read(trained), log, as_of=AS_OF).table.to_pandas()
    assert isinstance(trained.holdout, Unjudged)
    assert set(table["score_basis"]) == {"btyd"}
    assert "no later period" in table["score_basis_reason"].iloc[0]
    assert table["churn_probability"].between(0, 1).all()
    assert (table["expected_value"] > 0).all()
    assert (table["value_low"] <= table["expected_value"]).all()
    assert (table["expected_value"] <= table["value_high"]).all()
    for reasons, p in zip(
        table["churn_reasons"], table["churn_probability"], strict=True
    ):
        assert sum(each["contribution"] for each in reasons) == pytest.approx(p)


def test_the_card_says_that_nothing_was_judged(small: TrainedModel) -> None:
    card = small.card
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    assert card["holdout"] is None
    assert (card["grade"], card["score_basis"]) == ("D", "insufficient")
    assert "Nothing was judged" in card["limits"][0]["en"]
    assert "below what a prediction needs" in render_card(card)


def test_what_was_not_judged_never_follows_what_was(
    small: TrainedModel, trained_model: TrainedModel, tmp_path: Path
) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow' / 'regulars.db'}"
    first, second, third = (
        register(version, tracking_uri=uri) for version in (small, trained_model, small)
    )
    assert first.promoted
    assert "not judged, tiers, stages and clusters are served" in first.reason
    assert second.promoted
    assert not third.promoted
    assert third.reason.startswith("not judged, so the champion, version 2, stays: ")


def test_where_nobody_has_bought_there_is_nothing_to_train_on(
    few: Rows, options: TrainOptions, tmp_path: Path
) -> None:
    early = STARTS_AT - timedelta(days=5)
    with few.open() as log, pytest.raises(DataError, match=r"purchase"):
        train(log, as_of=early, folder=tmp_path / "bundle", options=options)
