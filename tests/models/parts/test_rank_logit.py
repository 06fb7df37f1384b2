"""The logistic regression on ranks: identities, missing values, round trip."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import roc_auc_score

from models.parts.rank_logit import RankLogit
from tests.models.samples import check_estimator_rules, design_of

Floats = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def data() -> tuple[Floats, Floats]:
    """Return features with holes, and who churned."""
    X, churned, _ = design_of(600)
    return X.to_numpy(), churned


@pytest.fixture(scope="module")
def model(data: tuple[Floats, Floats]) -> RankLogit:
    """Fit once."""
    return RankLogit().fit(*data)


def test_contributions_and_base_make_the_log_odds(
    data: tuple[Floats, Floats], model: RankLogit
) -> None:
    parts, base = model.contributions(data[0])
    assert parts.shape == data[0].shape
    np.testing.assert_allclose(
        parts.sum(axis=1) + base, model.decision_function(data[0]), atol=1e-12
    )


def test_the_base_is_the_mean_of_the_training_rows(
    data: tuple[Floats, Floats], model: RankLogit
) -> None:
    assert model.base_ == pytest.approx(model.decision_function(data[0]).mean())
    parts, _ = model.contributions(data[0])
    np.testing.assert_allclose(parts.mean(axis=0), 0.0, atol=1e-12)


def test_probabilities_are_of_both_classes_and_sum_to_one(
    data: tuple[Floats, Floats], model: RankLogit
) -> None:
    p = model.predict_proba(data[0])
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    assert (model.predict(data[0]) == p.argmax(axis=1)).all()


def test_it_learns_what_is_monotone(
    data: tuple[Floats, Floats], model: RankLogit
) -> None:
    assert roc_auc_score(data[1], model.decision_function(data[0])) > 0.75


def test_stretching_a_column_changes_little() -> None:
    """Only ranks are seen: a long tail weighs no more than a short one."""
    X = np.random.default_rng(0).normal(size=(600, 2))
    y = (X[:, 0] + np.random.default_rng(1).normal(size=600) > 0).astype(float)
    stretched = np.column_stack([np.exp(3 * X[:, 0]), X[:, 1]])
    first, second = (
        RankLogit().fit(table, y).predict_proba(table)[:, 1] for table in (X, stretched)
    )
    np.testing.assert_allclose(first, second, atol=0.01)


def test_being_missing_counts_in_itself() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 1))
    X[::2] = np.nan
    model = RankLogit().fit(X, np.isnan(X[:, 0]).astype(float))
    p = model.predict_proba(X)[:, 1]
    assert p[::2].min() > p[1::2].max()


def test_a_row_without_any_value_has_a_probability(model: RankLogit) -> None:
    nothing = np.full((1, model.n_features_in_), np.nan)
    assert 0 < model.predict_proba(nothing)[0, 1] < 1


def test_values_beyond_what_was_seen_count_as_the_outermost(
    data: tuple[Floats, Floats], model: RankLogit
) -> None:
    far = np.full((2, model.n_features_in_), [[1e12], [1e15]])
    first, second = model.decision_function(far)
    assert first == second


def test_what_is_restored_gives_the_same_bits(
    data: tuple[Floats, Floats], model: RankLogit
) -> None:
    restored = RankLogit.from_dict(json.loads(json.dumps(model.to_dict())))
    assert (restored.predict_proba(data[0]) == model.predict_proba(data[0])).all()
    assert restored.get_params() == model.get_params()


def test_a_row_is_worth_the_same_bits_alone_among_many_and_with_its_reasons(
    data: tuple[Floats, Floats], model: RankLogit
) -> None:
    whole = model.decision_function(data[0])
    alone = [model.decision_function(row[None])[0] for row in data[0]]
    assert alone == whole.tolist()
    told, parts, _ = model.assess(data[0])
    assert told.tolist() == whole.tolist()
    assert model.assess(data[0][:1])[1].tolist() == parts[:1].tolist()


def test_it_follows_the_conventions(data: tuple[Floats, Floats]) -> None:
    check_estimator_rules(RankLogit(inverse_penalty=0.1), lambda m: m.fit(*data))
