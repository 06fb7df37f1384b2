"""Churn: contributions and base are the log-odds, whatever the blend."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.metrics import roc_auc_score

from models.parts.boosting import contributions
from models.purchases.churn import (
    MIN_PROBABILITY,
    PARTS,
    RHYTHM,
    ChurnModel,
    varying_columns,
)
from tests.models.samples import check_estimator_rules, design_of

Floats = npt.NDArray[np.float64]

BLENDS = [(1 / 3, 1 / 3, 1 / 3), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0.25, 0.25, 0.5)]


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, Floats]:
    """Return columns with holes, and who churned."""
    X, churned, _ = design_of(400)
    return X, churned


@pytest.fixture
def model(data: tuple[pd.DataFrame, Floats], fitted: ChurnModel) -> ChurnModel:
    """Return the fitted model, blended as it is at first."""
    return fitted.blend(np.full(len(PARTS), 1 / len(PARTS)))


@pytest.fixture(scope="module")
def fitted(data: tuple[pd.DataFrame, Floats]) -> ChurnModel:
    """Fit once."""
    return ChurnModel(n_rounds=30, random_state=3).fit(*data)


@pytest.mark.parametrize("weights", BLENDS)
def test_contributions_and_base_make_the_log_odds(
    data: tuple[pd.DataFrame, Floats], model: ChurnModel, weights: tuple[float, ...]
) -> None:
    X = data[0]
    model.blend(weights)
    parts, base = model.contributions(X)
    assert parts.shape == (len(X), model.n_features_in_)
    total = parts.sum(axis=1) + base
    np.testing.assert_allclose(total, model.decision_function(X), atol=1e-9)
    np.testing.assert_allclose(total, logit(model.predict_proba(X)[:, 1]), atol=1e-9)


def test_of_the_trees_alone_contributions_are_those_of_the_booster(
    data: tuple[pd.DataFrame, Floats], model: ChurnModel
) -> None:
    model.blend([1, 0, 0])
    matrix = data[0][list(model.feature_names_in_)].to_numpy()
    parts, base = model.contributions(data[0])
    trees, tree_base = contributions(model.booster_, matrix)
    np.testing.assert_allclose(parts, trees, atol=1e-12)
    assert base == pytest.approx(tree_base, abs=1e-12)


def test_of_btyd_alone_churn_is_its_inactivity(
    data: tuple[pd.DataFrame, Floats], model: ChurnModel
) -> None:
    p = model.blend([0, 0, 1]).predict_proba(data[0])[:, 1]
    np.testing.assert_allclose(p, 1 - data[0][RHYTHM], atol=1e-6)
    parts, _ = model.contributions(data[0])
    others = np.asarray(model.feature_names_in_) != RHYTHM
    assert (parts[:, others] == 0).all()


def test_the_blend_is_the_mean_of_the_log_odds(
    data: tuple[pd.DataFrame, Floats], model: ChurnModel
) -> None:
    parts = model.parts(data[0])
    np.testing.assert_allclose(model.decision_function(data[0]), parts.mean(axis=1))


def test_who_is_surely_active_or_gone_has_finite_log_odds(
    data: tuple[pd.DataFrame, Floats], model: ChurnModel
) -> None:
    X = data[0].head(2).assign(**{RHYTHM: [0.0, 1.0]})
    log_odds = model.parts(X)[:, PARTS.index("btyd")]
    np.testing.assert_allclose(
        log_odds, [-logit(MIN_PROBABILITY), logit(MIN_PROBABILITY)]
    )


def test_probabilities_are_of_both_classes_and_sum_to_one(
    data: tuple[pd.DataFrame, Floats], model: ChurnModel
) -> None:
    p = model.predict_proba(data[0])
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    assert (model.predict(data[0]) == p.argmax(axis=1)).all()
    assert set(model.classes_) == {0, 1}


def test_it_learns(data: tuple[pd.DataFrame, Floats], model: ChurnModel) -> None:
    assert roc_auc_score(data[1], model.decision_function(data[0])) > 0.75


def test_columns_that_never_vary_are_left_out(
    data: tuple[pd.DataFrame, Floats], model: ChurnModel
) -> None:
    assert "always" not in model.feature_names_in_
    assert "mood" in model.feature_names_in_


def test_the_rhythm_is_kept_though_it_does_not_vary() -> None:
    table = pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, np.nan], RHYTHM: [0.5, 0.5]})
    assert varying_columns(table).tolist() == ["a", RHYTHM]


def test_the_order_of_the_columns_does_not_matter(
    data: tuple[pd.DataFrame, Floats], model: ChurnModel
) -> None:
    mixed = data[0][data[0].columns[::-1]].assign(more=1.0)
    expected = model.decision_function(data[0])
    assert (model.decision_function(mixed) == expected).all()


def test_a_missing_column_is_named(
    data: tuple[pd.DataFrame, Floats], model: ChurnModel
) -> None:
    with pytest.raises(KeyError, match="mood"):
        model.predict_proba(data[0].drop(columns="mood"))


def test_a_row_without_features_has_a_probability(
    data: tuple[pd.DataFrame, Floats], model: ChurnModel
) -> None:
    nothing = data[0].head(1) * np.nan
    assert 0 < model.predict_proba(nothing.assign(**{RHYTHM: 0.5}))[0, 1] < 1


def test_what_is_restored_gives_the_same_bits(
    data: tuple[pd.DataFrame, Floats], model: ChurnModel
) -> None:
    model.blend([0.25, 0.25, 0.5])
    values = json.loads(json.dumps(model.to_dict()))
    restored = ChurnModel.from_dict(values, model.booster_)
    expected = model.decision_function(data[0])
    assert (restored.decision_function(data[0]) == expected).all()
    parts, base = restored.contributions(data[0])
    assert (parts == model.contributions(data[0])[0]).all()
    assert base == model.contributions(data[0])[1]
    assert restored.get_params() == model.get_params()


def test_the_same_seed_gives_the_same_bits(
    data: tuple[pd.DataFrame, Floats], model: ChurnModel
) -> None:
    again = ChurnModel(n_rounds=30, random_state=3).fit(*data)
    expected = model.decision_function(data[0])
    assert (again.decision_function(data[0]) == expected).all()


def test_it_follows_the_conventions(data: tuple[pd.DataFrame, Floats]) -> None:
    model = ChurnModel(n_rounds=2, parameters={"num_leaves": 3}, random_state=1)
    check_estimator_rules(model, lambda m: m.fit(*data))
    assert model.booster_.num_trees() == 2
