"""Training sees nothing of the future, gives the same bytes, and heeds its gate."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.door.log_files import Log
from models.bundle.bundle import BOOSTERS, FILES, MANIFEST, load_bundle
from tests.buyers import Row, Rows
from tests.conftest import AS_OF, HORIZON_DAYS
from tests.training.fitted import fit_of
from training.fit.pair import Recipe
from training.fit.purchases import fit_customer_model
from training.judge.gate import Gate
from training.train import TrainedModel, TrainOptions, train


def tell_future(rows: Rows) -> Rows:
    """Let the opposite come of ``AS_OF``: who stayed is gone, who left spends much."""
    before = rows.before(AS_OF)
    left = sorted({row["customer_id"] for row in before.transactions})[::3]
    odd: list[Row] = [
        {
            **before.transactions[0],
            "customer_id": customer_id,
            "occurred_at": AS_OF + timedelta(days=number % 60),
            "amount": 99_999.0,
            "order_id": f"odd-{number}",
            "product_id": "never seen",
        }
        for number, customer_id in enumerate(left)
    ]
    contact = {"customer_id": left[0], "occurred_at": AS_OF, "type": "never seen"}
    return Rows((*before.transactions, *odd), (*before.interactions, contact))


@pytest.fixture(scope="module")
def twin(
    rows: Rows, options: TrainOptions, tmp_path_factory: pytest.TempPathFactory
) -> TrainedModel:
    """Train on the same past with another future, its rows in another order."""
    folder = tmp_path_factory.mktemp("twin") / "bundle"
    with tell_future(rows).shuffled(seed=3).open() as log:
        return train(log, as_of=AS_OF, folder=folder, options=options)


@pytest.fixture(scope="module")
def refused(
    buyers_log: Log, options: TrainOptions, tmp_path_factory: pytest.TempPathFactory
) -> TrainedModel:
    """Train under a gate that no model passes."""
    folder = tmp_path_factory.mktemp("refused") / "bundle"
    strict = Gate(min_auc_gain=1.0, min_gini_gain=2.0)
    return train(
        buyers_log, as_of=AS_OF, folder=folder, options=replace(options, gate=strict)
    )


def files_of(trained: TrainedModel) -> dict[str, Any]:
    """Return what the manifest says of each file."""
    manifest = json.loads((trained.folder / MANIFEST).read_text(encoding="utf-8"))
    return dict(manifest["files"])


def test_rows_at_or_after_as_of_change_no_bit_of_the_model(
    trained_model: TrainedModel, twin: TrainedModel
) -> None:
    first, second = files_of(trained_model), files_of(twin)
    assert set(first) == {*FILES, *BOOSTERS.values()}
    changed = {name for name in first if first[name] != second[name]}
    assert changed <= {"card.json"}


def test_rows_at_or_after_as_of_change_no_forecast(
    trained_model: TrainedModel, twin: TrainedModel
) -> None:
    first, second = (
        fitted.model.predict(fitted.model.design(fitted.features))
        for fitted in (trained_model.fitted, twin.fitted)
    )
    for name in first.__slots__:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_the_holdout_is_judged_by_a_model_of_the_time(
    trained_model: TrainedModel, twin: TrainedModel
) -> None:
    assert trained_model.holdout.origin.ends_at <= AS_OF
    assert (trained_model.holdout.outcome.p == twin.holdout.outcome.p).all()
    assert trained_model.card["holdout"] == twin.card["holdout"]


def test_the_card_differs_in_nothing_but_when_it_was_made_and_the_log(
    trained_model: TrainedModel, twin: TrainedModel
) -> None:
    aside = ("made", "data")
    first, second = (
        {key: value for key, value in trained.card.items() if key not in aside}
        for trained in (trained_model, twin)
    )
    assert first == second
    facts = [dict(each.card["data"]["facts"]) for each in (trained_model, twin)]
    shares = [each.pop("returns_share") for each in facts]
    assert facts[0] == facts[1]
    assert shares[0] == pytest.approx(shares[1])


def test_the_holdout_saw_nothing_of_what_it_is_judged_by(
    rows: Rows, trained_model: TrainedModel, options: TrainOptions
) -> None:
    """Fit on the log cut where the holdout begins: the probabilities are the same."""
    origin = trained_model.holdout.origin
    with rows.before(origin.as_of).open() as log:
        early = fit_customer_model(
            log,
            as_of=origin.as_of,
            horizon_days=origin.horizon_days,
            recipe=Recipe(options.seed, options.parameters),
            progress=lambda step: None,
        )
    forecast = early.model.predict(early.model.design(early.features))
    assert (forecast.churn_probability == trained_model.holdout.outcome.p).all()
    assert (forecast.expected_value == trained_model.holdout.outcome.expected).all()


def test_the_card_is_plain_json_and_tells_what_was_done(
    trained_model: TrainedModel, options: TrainOptions
) -> None:
    card = trained_model.card
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    assert card["as_of"] == AS_OF.isoformat()
    assert card["horizon_days"] == HORIZON_DAYS
    assert card["seed"] == options.seed
    assert card["n_features"] == len(card["features"]) >= 60
    assert card["score_basis"] in ("model", "blend")
    assert card["grade"] == card["holdout"]["grade"]
    assert len(card["snapshots"]) == len(fit_of(trained_model).schedule.snapshots)
    assert sum(c["n_customers"] for c in card["clusters"]) == card["n_customers"]


def test_no_customer_is_named_on_the_card(trained_model: TrainedModel) -> None:
    text = json.dumps(trained_model.card)
    names = trained_model.fitted.features.index
    assert not [name for name in names if f'"{name}"' in text]


def test_what_misses_the_gate_is_not_served(refused: TrainedModel) -> None:
    bundle = load_bundle(refused.folder, version="1", sha256=refused.sha256)
    assert refused.holdout.passed == ()
    assert refused.card["grade"] == refused.card["holdout"]["grade"] == "D"
    assert refused.card["score_basis"] == bundle.model.basis.name == "btyd"
    assert "BG/NBD" in refused.card["score_basis_reason"]
    X = bundle.model.design(refused.fitted.features)
    forecast = bundle.model.predict(X)
    order = np.argsort(X["btyd_p_active"].to_numpy(), kind="stable")
    assert (np.diff(forecast.churn_probability[order]) <= 0).all()


def test_the_gate_decides_what_is_served_not_what_was_measured(
    refused: TrainedModel, trained_model: TrainedModel
) -> None:
    assert (refused.holdout.outcome.p == trained_model.holdout.outcome.p).all()
    assert refused.holdout.churn == trained_model.holdout.churn


def test_a_model_that_cannot_split_is_no_better_than_its_other_parts(
    refused: TrainedModel, trained_model: TrainedModel
) -> None:
    assert trained_model.card["grade"] in ("A", "B")
    assert fit_of(refused).model.churn.blend_ == {"btyd": 1.0}
    assert fit_of(refused).model.value.blend_ == {"btyd": 1.0}
    assert refused.fitted.model.boosters == {}


def test_a_history_too_short_foretells_nothing_and_says_what_is_needed(
    buyers_log: Log, options: TrainOptions, tmp_path: Path
) -> None:
    as_of = buyers_log.starts_at + timedelta(days=20)
    folder = tmp_path / "bundle"
    card = train(buyers_log, as_of=as_of, folder=folder, options=options).card
    assert card["score_basis"] == "insufficient"
    assert "days of history: 20 of 60" in card["score_basis_reason"]
