"""The simple methods that a model has to beat."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from models.purchases.bgnbd import BGNBD
from models.purchases.btyd import HISTORY, BuyingModel, design
from tests.models.samples import histories
from training.judge.baselines import rfm_score, score_buyers
from training.judge.holdout import measure_methods
from training.judge.outcome import Outcome

Floats = npt.NDArray[np.float64]
COLUMNS = ["days_since_last_order", "n_orders", "gross_spend"]


@pytest.fixture(scope="module")
def features() -> pd.DataFrame:
    """Return what the simple methods look at."""
    table = histories(200)
    waited = table["T"] - table["recency"]
    return table.assign(days_since_last_order=waited, n_orders=table["frequency"] + 1)


def test_the_rfm_score_adds_three_quintiles() -> None:
    up = np.arange(1.0, 6.0)
    table = pd.DataFrame(dict(zip(COLUMNS, (60 - 10 * up, up, 6 - up), strict=True)))
    assert rfm_score(table).tolist() == [7.0, 8.0, 9.0, 10.0, 11.0]


def test_customers_alike_have_the_same_rfm_score() -> None:
    table = pd.DataFrame(np.ones((7, 3)), columns=COLUMNS)
    assert len(set(rfm_score(table))) == 1


def test_the_rfm_score_lies_between_3_and_15(features: pd.DataFrame) -> None:
    score = rfm_score(features)
    assert score.min() >= 3
    assert score.max() <= 15


def measure(
    features: pd.DataFrame,
    *,
    churned: Floats | None = None,
    spend: Floats | None = None,
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Judge the simple methods by what came, in sixty days."""
    nothing = np.zeros(len(features))
    churned = nothing if churned is None else churned
    spend = nothing if spend is None else spend
    outcome = Outcome(nothing, nothing, nothing, nothing, churned, spend)
    X = design(features, BuyingModel().fit(features), 60.0)
    return measure_methods(outcome, score_buyers(features, X, days=60.0))


def test_recency_calls_first_who_waited_longest(features: pd.DataFrame) -> None:
    waited = features["days_since_last_order"].to_numpy()
    churned = (waited > np.median(waited)).astype(float)
    assert measure(features, churned=churned)[0]["recency"]["auc"] == 1


def test_past_spend_is_what_recency_says_of_value(features: pd.DataFrame) -> None:
    spend = features["gross_spend"].to_numpy()
    assert measure(features, spend=spend)[1]["recency"]["gini"] == 1


def test_bgnbd_is_the_better_of_its_two_rankings(features: pd.DataFrame) -> None:
    """It may rank by orders or by being active; a model has to beat both."""
    rng = np.random.default_rng(99)
    churned = (rng.uniform(size=len(features)) < 0.5).astype(float)
    history = features[list(HISTORY)].to_numpy()
    model = BGNBD().fit(history)
    scores = (model.expected_orders(history, 60), model.p_active(history, 60))
    aucs = [roc_auc_score(churned, -score) for score in scores]
    auc = measure(features, churned=churned)[0]["bgnbd"]["auc"]
    assert auc == pytest.approx(max(aucs))
