"""Contributions are shap's and LightGBM's, scores LightGBM's to the bit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pytest

from models.parts.treeshap import TreeTables
from models.parts.treeshap.tables import ROWS_PER_CHUNK

Floats = npt.NDArray[np.float64]

N_FEATURES = 12
N_ROWS = 600


@dataclass(frozen=True)
class Kind:
    """A kind of model: its leaves, its settings, its categorical features."""

    leaves: int
    rounds: int = 8
    settings: dict[str, Any] = field(default_factory=dict)
    categorical: tuple[int, ...] = ()


KINDS = {
    "stumps": Kind(leaves=2),
    "as served": Kind(leaves=7, settings={"extra_trees": True}),
    "of the largest tables": Kind(leaves=9),
    "larger": Kind(leaves=31, rounds=4),
    "deep": Kind(
        leaves=255,
        rounds=2,
        settings={
            "min_data_in_leaf": 1,
            "min_sum_hessian_in_leaf": 0,
            "feature_fraction_bynode": 0.2,
        },
    ),
    "missing is zero": Kind(leaves=15, settings={"zero_as_missing": True}),
    "nothing is missing": Kind(leaves=15, settings={"use_missing": False}),
    "categorical": Kind(leaves=15, categorical=(0, 3)),
    "categorical, zero is missing": Kind(
        leaves=7, settings={"zero_as_missing": True}, categorical=(0, 1, 2)
    ),
    "one leaf": Kind(leaves=7, settings={"min_data_in_leaf": N_ROWS}),
}


@dataclass(frozen=True)
class Fitted:
    """A booster, its tables, and rows that it has seen and has not."""

    booster: lgb.Booster
    tables: TreeTables
    X: Floats


@pytest.fixture(scope="module", params=KINDS, ids=list(KINDS))
def fitted(request: pytest.FixtureRequest) -> Fitted:
    """Fit one model of each kind."""
    return fit(KINDS[request.param])


def fit(kind: Kind) -> Fitted:
    """Fit a booster to noise with some signal, holes and zeros in it."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(N_ROWS, N_FEATURES))
    X[rng.random(X.shape) < 0.1] = 0.0
    for feature in kind.categorical:
        X[:, feature] = rng.integers(0, 50, N_ROWS)
    X[rng.random(X.shape) < 0.1] = np.nan
    signal = np.nan_to_num(X[:, 0]) % 3 + np.nansum(X[:, 4:8], axis=1)
    y = (signal + rng.normal(size=N_ROWS) > np.median(signal)).astype(float)
    settings = {
        "objective": "binary",
        "num_leaves": kind.leaves,
        "verbose": -1,
        "num_threads": 1,
        "min_data_in_leaf": 5,
        **kind.settings,
    }
    data = lgb.Dataset(X, y, categorical_feature=list(kind.categorical))
    booster = lgb.train(settings, data, kind.rounds)
    tables = TreeTables(booster.model_to_string(), N_FEATURES)
    return Fitted(booster, tables, np.vstack([X[:100], odd_rows(rng)]))


def odd_rows(rng: np.random.Generator) -> Floats:
    """Return rows unlike those of the fit."""
    values = [np.nan, 0.0, -0.0, 1e-36, -1e-36, -0.5, -3.0, 1e9, np.inf, -np.inf, 49.9]
    alike = [np.full(N_FEATURES, value) for value in values]
    return np.vstack([*alike, rng.normal(size=(30, N_FEATURES)) * 40])


def test_contributions_are_those_of_lightgbm(fitted: Fitted) -> None:
    expected = np.asarray(fitted.booster.predict(fitted.X, pred_contrib=True))
    found = fitted.tables.contributions(fitted.X)
    np.testing.assert_allclose(found, expected[:, :-1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(fitted.tables.base, expected[0, -1], atol=1e-12)


def test_contributions_are_those_of_shap(fitted: Fitted) -> None:
    import shap

    explained = shap.TreeExplainer(fitted.booster)(fitted.X)
    found = fitted.tables.contributions(fitted.X)
    np.testing.assert_allclose(found, explained.values, rtol=0, atol=1e-9)
    base = np.ravel(explained.base_values)[0]
    np.testing.assert_allclose(fitted.tables.base, base, atol=1e-9)


def test_contributions_and_base_make_the_sum_of_the_trees(fitted: Fitted) -> None:
    raw = np.asarray(fitted.booster.predict(fitted.X, raw_score=True))
    found = fitted.tables.contributions(fitted.X).sum(axis=1) + fitted.tables.base
    np.testing.assert_allclose(found, raw, rtol=0, atol=1e-12)


def test_a_row_alone_is_the_same_as_among_many(fitted: Fitted) -> None:
    rows = np.resize(fitted.X, (ROWS_PER_CHUNK + 3, N_FEATURES))
    many = fitted.tables.contributions(rows)
    alone = [fitted.tables.contributions(row[None, :])[0] for row in fitted.X]
    assert many[: len(alone)].tolist() == np.array(alone).tolist()
    assert (
        many[ROWS_PER_CHUNK:].tolist()
        == fitted.tables.contributions(rows[ROWS_PER_CHUNK:]).tolist()
    )


def test_no_row_has_no_contributions(fitted: Fitted) -> None:
    found = fitted.tables.contributions(np.empty((0, N_FEATURES)))
    assert found.shape == (0, N_FEATURES)


@pytest.mark.parametrize("kind", ["stumps", "as served", "one leaf"])
def test_scores_of_whole_trees_are_lightgbms_to_the_bit(kind: str) -> None:
    made = fit(KINDS[kind])
    assert made.tables.is_whole
    raw = np.asarray(made.booster.predict(made.X, raw_score=True))
    assert made.tables.raw_score(made.X).tolist() == raw.tolist()
    alone = [made.tables.raw_score(row[None, :])[0] for row in made.X[:5]]
    assert alone == raw[:5].tolist()


def test_the_kinds_hold_whole_trees_and_leaves_too_deep_for_a_table() -> None:
    assert not fit(KINDS["larger"]).tables.is_whole
    assert fit(KINDS["deep"]).tables.n_deep > 0
