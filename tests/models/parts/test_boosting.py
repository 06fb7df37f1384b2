"""Boosters: the same bits each time, and contributions that are shap's."""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pytest

from models.parts.boosting import contributions, fit_booster, raw_score
from tests.models.samples import design_of

Floats = npt.NDArray[np.float64]

BINARY = {"objective": "binary"}
TWEEDIE = {"objective": "tweedie", "tweedie_variance_power": 1.5}


def boost(X: Floats, y: Floats, **changes: Any) -> lgb.Booster:
    """Fit a booster of few trees."""
    names = [f"x{i}" for i in range(X.shape[1])]
    settings: dict[str, Any] = {
        "objective": BINARY,
        "parameters": {},
        "n_rounds": 20,
        "random_state": 1,
    }
    return fit_booster(X, y, names=names, **(settings | changes))


@pytest.fixture(scope="module")
def data() -> tuple[Floats, Floats, Floats]:
    """Return features with holes, who churned and what was spent."""
    X, churned, spend = design_of(300)
    return X.to_numpy(), churned, spend


def test_the_same_seed_gives_the_same_text(data: tuple[Floats, Floats, Floats]) -> None:
    X, y, _ = data
    first, second, other = (boost(X, y, random_state=seed) for seed in (1, 1, 2))
    assert first.model_to_string() == second.model_to_string()
    assert first.model_to_string() != other.model_to_string()


@pytest.mark.parametrize("objective", [BINARY, TWEEDIE], ids=["binary", "tweedie"])
def test_contributions_and_base_make_the_raw_score(
    data: tuple[Floats, Floats, Floats], objective: dict[str, Any]
) -> None:
    X, churned, spend = data
    y = churned if objective is BINARY else spend
    booster = boost(X, y, objective=objective)
    parts, base = contributions(booster, X)
    assert parts.shape == X.shape
    np.testing.assert_allclose(
        parts.sum(axis=1) + base, raw_score(booster, X), atol=1e-9
    )


@pytest.mark.parametrize("objective", [BINARY, TWEEDIE], ids=["binary", "tweedie"])
def test_contributions_are_those_of_shap(
    data: tuple[Floats, Floats, Floats], objective: dict[str, Any]
) -> None:
    import shap

    X, churned, spend = data
    y = churned if objective is BINARY else spend
    booster = boost(X, y, objective=objective)
    parts, base = contributions(booster, X)
    explained = shap.TreeExplainer(booster)(X)
    np.testing.assert_allclose(parts, explained.values, atol=1e-9)
    np.testing.assert_allclose(base, np.ravel(explained.base_values)[0], atol=1e-9)


def test_few_rows_still_make_splits() -> None:
    """A leaf never needs more than a fiftieth of the rows, or five."""
    X = np.arange(40.0)[:, None]
    booster = boost(X, (X[:, 0] > 20).astype(float), parameters={"extra_trees": False})
    assert booster.num_trees() == 20
    assert np.ptp(raw_score(booster, X)) > 0


def test_a_given_parameter_stands_before_the_usual_one(
    data: tuple[Floats, Floats, Floats],
) -> None:
    X, y, _ = data
    booster = boost(X, y, parameters={"num_leaves": 2})
    leaves = booster.trees_to_dataframe().groupby("tree_index")["left_child"].count()
    assert leaves.max() == 1


def test_a_row_of_a_batch_scores_as_it_does_alone(
    data: tuple[Floats, Floats, Floats],
) -> None:
    X, y, _ = data
    booster = boost(X, y)
    alone = [raw_score(booster, X[[row]])[0] for row in range(10)]
    assert raw_score(booster, X)[:10].tolist() == alone
