"""Simple methods: they rank as one line of SQL does, and add up."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from models.purchases.churn import RHYTHM
from models.purchases.simple import METHODS, READS, WORDS, SimpleScore
from models.purchases.value import BTYD_VALUE
from tests.models.samples import check_estimator_rules
from training.judge.baselines import rfm_score

WAYS = [(method, target) for target in ("churn", "value") for method in METHODS]


@pytest.fixture(scope="module")
def X() -> pd.DataFrame:
    """Return the columns that are read, with many equals among them."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "days_since_last_order": rng.integers(0, 90, 300).astype(float),
            "n_orders": rng.geometric(0.5, 300).astype(float),
            "gross_spend": rng.gamma(1.0, 50.0, 300).round(0),
            RHYTHM: rng.beta(1, 2, 300),
            BTYD_VALUE: rng.gamma(1.0, 20.0, 300),
        }
    )


@pytest.mark.parametrize(("method", "target"), WAYS)
def test_contributions_and_base_make_the_score(
    X: pd.DataFrame, method: str, target: str
) -> None:
    score = SimpleScore(method=method, target=target).fit(X)
    parts, base = score.contributions(X)
    assert parts.shape == (len(X), len(READS[target, method]))
    np.testing.assert_allclose(parts.sum(axis=1) + base, score.decision_function(X))
    np.testing.assert_allclose(parts.mean(axis=0), 0.0, atol=1e-12)


@pytest.mark.parametrize("target", ["churn", "value"])
def test_rfm_gives_the_bands_of_the_ranks(X: pd.DataFrame, target: str) -> None:
    found = SimpleScore(method="rfm", target=target).fit(X).decision_function(X)
    sign = -1.0 if target == "churn" else 1.0
    expected = sign * (rfm_score(X) - 3.0) / 5.0
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_the_longer_ago_the_last_order_the_likelier_is_churn(X: pd.DataFrame) -> None:
    found = SimpleScore(method="recency", target="churn").fit(X).decision_function(X)
    order = np.argsort(X["days_since_last_order"].to_numpy(), kind="stable")
    assert (np.diff(found[order]) >= 0).all()


@pytest.mark.parametrize(("method", "target"), WAYS)
def test_a_customer_alone_has_the_score_that_it_has_among_others(
    X: pd.DataFrame, method: str, target: str
) -> None:
    score = SimpleScore(method=method, target=target).fit(X)
    alone = [score.decision_function(X.iloc[[row]])[0] for row in range(20)]
    assert alone == score.decision_function(X)[:20].tolist()


@pytest.mark.parametrize(("method", "target"), WAYS)
def test_what_is_restored_gives_the_same_bits(
    X: pd.DataFrame, method: str, target: str
) -> None:
    score = SimpleScore(method=method, target=target).fit(X)
    values = json.loads(json.dumps(score.to_dict(), allow_nan=False))
    restored = SimpleScore.from_dict(values)
    assert (restored.decision_function(X) == score.decision_function(X)).all()
    assert (restored.contributions(X)[0] == score.contributions(X)[0]).all()
    assert restored.get_params() == score.get_params()


def test_customers_who_are_all_alike_have_one_score(X: pd.DataFrame) -> None:
    alike = pd.concat([X.head(1)] * 10)
    for method, target in WAYS:
        found = SimpleScore(method=method, target=target).fit(alike)
        assert len(set(found.decision_function(alike))) == 1


def test_every_method_has_a_name_for_every_target() -> None:
    assert {(m, t) for t in WORDS for m in WORDS[t]} == set(WAYS)


def test_it_follows_the_conventions(X: pd.DataFrame) -> None:
    score = SimpleScore(method="rfm", target="value")
    check_estimator_rules(score, lambda model: model.fit(X))
