"""Value: contributions and base are the logarithm, whatever the blend."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import spearmanr

from models.parts.boosting import contributions
from models.purchases.value import BTYD_VALUE, LEAST_SHARE, ValueModel
from tests.models.samples import check_estimator_rules, design_of

Floats = npt.NDArray[np.float64]

BLENDS = [(0.8, 0.2), (1, 0), (0, 1), (0.5, 0.5)]


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, Floats]:
    """Return columns with holes, and what each customer spent."""
    X, _, spend = design_of(400)
    return X, spend


@pytest.fixture(scope="module")
def fitted(data: tuple[pd.DataFrame, Floats]) -> ValueModel:
    """Fit once."""
    return ValueModel(n_rounds=30, random_state=3).fit(*data)


@pytest.fixture
def model(fitted: ValueModel) -> ValueModel:
    """Return the fitted model, blended as it is at first."""
    return fitted.blend([0.8, 0.2])


@pytest.mark.parametrize("weights", BLENDS)
def test_contributions_and_base_make_the_logarithm(
    data: tuple[pd.DataFrame, Floats], model: ValueModel, weights: tuple[float, ...]
) -> None:
    X = data[0]
    model.blend(weights)
    parts, base = model.contributions(X)
    assert parts.shape == (len(X), model.n_features_in_)
    total = parts.sum(axis=1) + base
    np.testing.assert_allclose(total, model.predict_log(X), atol=1e-9)
    np.testing.assert_allclose(np.exp(total), model.predict(X), rtol=1e-9)


def test_of_the_trees_alone_contributions_are_those_of_the_booster(
    data: tuple[pd.DataFrame, Floats], model: ValueModel
) -> None:
    model.blend([1, 0])
    matrix = data[0][list(model.feature_names_in_)].to_numpy()
    parts, base = model.contributions(data[0])
    trees, tree_base = contributions(model.booster_, matrix)
    np.testing.assert_allclose(parts, trees, atol=1e-12)
    assert base == pytest.approx(tree_base + np.log(model.unit_))


def test_of_btyd_alone_value_is_its_value(
    data: tuple[pd.DataFrame, Floats], model: ValueModel
) -> None:
    expected = data[0][BTYD_VALUE].to_numpy()
    assert (expected > LEAST_SHARE * model.unit_).all()
    np.testing.assert_allclose(model.blend([0, 1]).predict(data[0]), expected)


def test_who_is_surely_gone_has_a_finite_logarithm(
    data: tuple[pd.DataFrame, Floats], model: ValueModel
) -> None:
    gone = data[0].head(1).assign(**{BTYD_VALUE: 0.0})
    expected = [LEAST_SHARE * model.unit_]
    np.testing.assert_allclose(model.blend([0, 1]).predict(gone), expected)


def test_it_learns_order_and_total(
    data: tuple[pd.DataFrame, Floats], model: ValueModel
) -> None:
    foretold = model.blend([1, 0]).predict(data[0])
    assert (foretold > 0).all()
    assert spearmanr(foretold, data[1]).statistic > 0.4
    assert foretold.sum() == pytest.approx(data[1].sum(), rel=0.1)


def test_more_returned_than_bought_counts_as_nothing(
    data: tuple[pd.DataFrame, Floats], model: ValueModel
) -> None:
    X, spend = data
    back = np.where(spend == 0, -20.0, spend)
    again = ValueModel(n_rounds=30, random_state=3).fit(X, back)
    assert (again.predict(X) == model.predict(X)).all()


def test_where_nobody_spent_next_to_nothing_is_expected(
    data: tuple[pd.DataFrame, Floats],
) -> None:
    model = ValueModel(n_rounds=3).fit(data[0], np.zeros(len(data[0])))
    np.testing.assert_allclose(model.blend([1, 0]).predict(data[0]), LEAST_SHARE)


def test_counting_in_cents_changes_nothing_but_the_unit(
    data: tuple[pd.DataFrame, Floats], model: ValueModel
) -> None:
    X, spend = data
    cents = X.assign(**{BTYD_VALUE: X[BTYD_VALUE] * 100})
    again = ValueModel(n_rounds=30, random_state=3).fit(cents, spend * 100)
    np.testing.assert_allclose(again.predict(cents), 100 * model.predict(X), rtol=1e-6)


def test_the_order_of_the_columns_does_not_matter(
    data: tuple[pd.DataFrame, Floats], model: ValueModel
) -> None:
    mixed = data[0][data[0].columns[::-1]].assign(more=1.0)
    assert (model.predict(mixed) == model.predict(data[0])).all()


def test_btyd_is_kept_though_it_does_not_vary(
    data: tuple[pd.DataFrame, Floats],
) -> None:
    flat = data[0].assign(**{BTYD_VALUE: 7.0})
    model = ValueModel(n_rounds=3).fit(flat, data[1])
    assert BTYD_VALUE in model.feature_names_in_
    np.testing.assert_allclose(model.blend([0, 1]).predict(flat), 7.0)


def test_what_is_restored_gives_the_same_bits(
    data: tuple[pd.DataFrame, Floats], model: ValueModel
) -> None:
    model.blend([0.5, 0.5])
    values = json.loads(json.dumps(model.to_dict()))
    restored = ValueModel.from_dict(values, model.booster_)
    assert (restored.predict(data[0]) == model.predict(data[0])).all()
    parts, base = restored.contributions(data[0])
    assert (parts == model.contributions(data[0])[0]).all()
    assert base == model.contributions(data[0])[1]
    assert restored.get_params() == model.get_params()


def test_it_follows_the_conventions(data: tuple[pd.DataFrame, Floats]) -> None:
    model = ValueModel(n_rounds=2, parameters={"num_leaves": 3}, random_state=1)
    check_estimator_rules(model, lambda m: m.fit(*data))
    assert model.booster_.num_trees() == 2
