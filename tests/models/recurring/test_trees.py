"""Trees that split by categories: read, checked, and refused where forged."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import BundleError
from models.parts.tree_text import check_trees
from models.recurring.churn import RecurringChurn
from tests.models.trees import change_tree

TREES = {"n_rounds": 12, "feature_fraction": 1.0}


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the text of trees that split by a category and by a missing number."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"城市 {a}": rng.integers(0, 8, 900).astype(float), "b": rng.normal(0, 1, 900)}
    )
    X.loc[::5, "b"] = np.nan
    y = rng.random(900) < np.where(X["城市 {a}"] % 2 > 0, 0.8, 0.2) * 0.9
    model = RecurringChurn({"城市 {a}": 8, "b": 0}, parameters=TREES).fit(X, y)
    path = tmp_path_factory.mktemp("trees") / "churn.txt"
    model.booster_.save_model(str(path))
    return Path(path).read_text(encoding="utf-8")


def test_splits_by_categories_pass(text: str) -> None:
    assert "cat_threshold=" in text
    check_trees(text, name="churn.txt")


@pytest.mark.parametrize(
    ("forged", "message"),
    [
        (lambda v: v + " 9", "sets of categories out of place"),
        (lambda v: "1" + v[1:], "sets of categories out of place"),
        (lambda v: "", "sets of categories out of place"),
    ],
)
def test_forged_sets_of_categories_are_refused(
    text: str, forged: Callable[[str], str], message: str
) -> None:
    with pytest.raises(BundleError, match=message):
        check_trees(change_tree(text, cat_boundaries=forged), name="churn.txt")


def test_contributions_are_those_of_lightgbm_with_categories_and_gaps() -> None:
    rng = np.random.default_rng(1)
    X = pd.DataFrame(
        {"a": rng.integers(0, 8, 900).astype(float), "b": rng.normal(0, 1, 900)}
    )
    X.loc[::5, "b"] = np.nan
    X.loc[::7, "a"] = np.nan
    y = rng.random(900) < np.where(X["a"] % 2 > 0, 0.8, 0.2)
    model = RecurringChurn({"a": 8, "b": 0}, parameters=TREES).fit(X, y)
    matrix = X.to_numpy()
    theirs = np.asarray(model.booster_.predict(matrix, pred_contrib=True))
    parts, base = model.blend((1.0, 0.0, 0.0)).contributions(X)
    np.testing.assert_allclose(parts, theirs[:, :-1], atol=1e-9)
    assert base == pytest.approx(float(theirs[0, -1]))
    raw = np.asarray(model.booster_.predict(matrix, raw_score=True))
    np.testing.assert_allclose(model.decision_function(X), raw, atol=1e-12)
