"""Metrics: what is perfect, what is random, and the identities between them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.judge.metrics import (
    TOPS,
    churn_calibration,
    churn_ranking,
    coverage,
    gini,
    reliability,
    value_calibration,
    value_deciles,
    value_ranking,
)

Floats = npt.NDArray[np.float64]

SEEDS = st.integers(0, 10_000)
SIZES = st.integers(3, 300)


def customers(n: int, *, seed: int) -> tuple[Floats, Floats, Floats]:
    """Draw who churned, what was spent, and a score without ties."""
    rng = np.random.default_rng(seed)
    churned = (rng.uniform(size=n) < 0.4).astype(float)
    churned[:2] = [0.0, 1.0]
    spend = np.where(rng.uniform(size=n) < 0.5, 0.0, rng.lognormal(3, 1, n))
    spend[0] = 10.0
    return churned, spend, rng.normal(size=n)


@given(SIZES, SEEDS)
def test_auc_is_the_share_of_pairs_in_order(n: int, seed: int) -> None:
    churned, _, score = customers(n, seed=seed)
    above = score[churned == 1][:, None] > score[churned == 0][None, :]
    assert churn_ranking(churned, score)["auc"] == pytest.approx(above.mean())


@given(SIZES, SEEDS)
def test_lift_times_rate_and_share_is_capture(n: int, seed: int) -> None:
    churned, _, score = customers(n, seed=seed)
    found = churn_ranking(churned, score)
    for top in TOPS:
        k = max(1, round(top * n))
        lift, capture = (found[f"{name}_at_{top:.0%}"] for name in ("lift", "capture"))
        assert lift * k / n == pytest.approx(capture)
        assert 0 <= capture <= 1
        assert 0 <= lift <= 1 / churned.mean() + 1e-9


def test_a_perfect_order_has_every_ranking_at_its_best() -> None:
    churned, _, _ = customers(1_000, seed=0)
    found = churn_ranking(churned, churned)
    assert found["auc"] == found["average_precision"] == 1
    assert found["lift_at_1%"] == found["lift_at_20%"]
    assert found["lift_at_20%"] == pytest.approx(1 / churned.mean())


def test_the_contrary_order_is_the_worst() -> None:
    churned, _, _ = customers(1_000, seed=0)
    found = churn_ranking(churned, -churned)
    assert found["auc"] == found["capture_at_10%"] == 0


@pytest.mark.parametrize("churned", [0.0, 1.0])
def test_where_all_are_alike_no_order_is_better(churned: float) -> None:
    found = churn_ranking(np.full(20, churned), np.arange(20.0))
    assert found == {"auc": 0.5, "average_precision": churned}


@given(SIZES, SEEDS)
def test_gini_lies_between_minus_one_and_one(n: int, seed: int) -> None:
    _, spend, score = customers(n, seed=seed)
    assert -1 - 1e-9 <= gini(spend, score) <= 1 + 1e-9
    assert gini(spend, spend) == pytest.approx(1)


@given(SIZES, SEEDS)
def test_gini_of_the_contrary_order_is_the_negative(n: int, seed: int) -> None:
    _, spend, score = customers(n, seed=seed)
    assert gini(spend, -score) == pytest.approx(-gini(spend, score))


@given(SIZES, SEEDS, st.floats(0.01, 100))
def test_gini_knows_no_unit(n: int, seed: int, unit: float) -> None:
    _, spend, score = customers(n, seed=seed)
    assert gini(unit * spend, np.exp(score)) == pytest.approx(gini(spend, score))


def test_gini_of_a_random_order_is_about_zero() -> None:
    _, spend, score = customers(20_000, seed=0)
    assert gini(spend, score) == pytest.approx(0, abs=0.03)


def test_gini_of_nothing_or_of_all_alike_is_zero() -> None:
    assert gini(np.zeros(5), np.arange(5.0)) == 0
    assert gini(np.ones(5), np.arange(5.0)) == 0


def test_a_perfect_value_finds_the_top_tenth() -> None:
    _, spend, _ = customers(1_000, seed=0)
    found = value_ranking(spend, spend)
    assert found["gini"] == pytest.approx(1)
    assert found["spearman"] == pytest.approx(1)
    assert found["top_tenth_found"] == 1


def test_a_flat_value_orders_nothing() -> None:
    _, spend, _ = customers(1_000, seed=0)
    assert value_ranking(spend, np.ones(1_000))["spearman"] == 0


def test_error_of_the_total_is_a_share_of_the_actual() -> None:
    actual = np.array([0.0, 10.0, 30.0])
    found = value_calibration(actual, np.array([5.0, 5.0, 40.0]))
    assert found == {"mae": pytest.approx(20 / 3), "total_error": pytest.approx(0.25)}


@given(st.integers(1, 300), SEEDS, st.integers(1, 20))
def test_reliability_counts_each_customer_once(n: int, seed: int, bins: int) -> None:
    p = np.random.default_rng(seed).uniform(size=n)
    churned = (np.random.default_rng(seed + 1).uniform(size=n) < p).astype(float)
    table = reliability(churned, p, bins=bins)
    assert sum(row["n"] for row in table) == n
    for column, values in (("expected", p), ("actual", churned)):
        total = sum(row["n"] * row[column] for row in table)
        assert total == pytest.approx(values.sum())
    expected = [row["expected"] for row in table]
    assert expected == sorted(expected)


def test_perfect_probabilities_have_no_error() -> None:
    churned = np.tile([0.0, 0.0, 0.0, 1.0], 100)
    found = churn_calibration(churned, np.full(400, 0.25))
    assert found["ece"] == pytest.approx(0, abs=1e-12)
    assert found["brier"] == pytest.approx(0.25 * 0.75)
    certain = churn_calibration(churned, churned)
    assert certain["ece"] == certain["brier"] == 0
    assert certain["log_loss"] == pytest.approx(0, abs=1e-5)


def test_honest_probabilities_have_little_error() -> None:
    p = np.random.default_rng(0).beta(2, 2, 50_000)
    churned = (np.random.default_rng(1).uniform(size=50_000) < p).astype(float)
    assert churn_calibration(churned, p)["ece"] < 0.01


@given(st.floats(-0.2, 0.2))
def test_a_shift_of_all_probabilities_is_the_error(shift: float) -> None:
    churned = np.tile([0.0, 1.0], 500)
    found = churn_calibration(churned, np.full(1_000, 0.5 + shift))
    assert found["ece"] == pytest.approx(abs(shift), abs=1e-12)


@given(st.integers(1, 300), SEEDS)
def test_deciles_count_each_customer_once_the_best_first(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    actual, expected = rng.lognormal(size=n), rng.lognormal(size=n)
    table = value_deciles(actual, expected)
    assert sum(row["n"] for row in table) == n
    total = sum(row["n"] * row["actual"] for row in table)
    assert total == pytest.approx(actual.sum())
    means = [row["expected"] for row in table]
    assert means == sorted(means, reverse=True)


def test_coverage_counts_who_lies_in_the_band_ends_included() -> None:
    actual = np.array([-5.0, 0.0, 1.0, 2.0, 3.0])
    low, high = np.array([0, 0, 1, 3, 0.0]), np.array([1, 0, 1, 4, 2.9])
    assert coverage(actual, low, high) == 0.6


TIES = st.sampled_from([1, 2, 5, 300])
"""Scores that there are."""


@given(SIZES, SEEDS, TIES)
def test_ties_do_not_go_by_the_order_of_the_rows(
    n: int, seed: int, n_scores: int
) -> None:
    churned, spend, score = customers(n, seed=seed)
    score = np.ceil(n_scores * (np.argsort(np.argsort(score)) + 1) / n) / n_scores
    turned = np.random.default_rng(seed).permutation(n)
    for measure, outcome in (
        (churn_ranking, churned),
        (churn_calibration, churned),
    ):
        first, second = (measure(outcome[r], score[r]) for r in (np.arange(n), turned))
        assert first == pytest.approx(second)
    top = [
        value_ranking(spend[rows], score[rows])["top_tenth_found"]
        for rows in (np.arange(n), turned)
    ]
    assert top[0] == pytest.approx(top[1])
    for table, outcome in ((reliability, churned), (value_deciles, spend)):
        of_rows = [table(outcome[r], score[r]) for r in (np.arange(n), turned)]
        assert len(of_rows[0]) == len(of_rows[1]) <= n_scores
        for one, other in zip(*of_rows, strict=True):
            assert one == pytest.approx(other)


def test_a_score_that_is_the_same_for_all_lifts_nobody() -> None:
    churned = np.repeat([1.0, 0.0], [100, 300])
    found = churn_ranking(churned, np.ones(400))
    for top in TOPS:
        assert found[f"lift_at_{top:.0%}"] == pytest.approx(1.0)
        assert found[f"capture_at_{top:.0%}"] == pytest.approx(top)
    assert churn_calibration(churned, np.full(400, 0.25))["ece"] == pytest.approx(0)
