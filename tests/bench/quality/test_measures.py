"""What quality is measured with."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.bench.quality.measures import (
    Ranking,
    auc,
    covered,
    ece,
    find_shift,
    gini,
    shifted,
    tenths,
)

RNG = np.random.default_rng(3)
P = RNG.beta(1.0, 2.0, 400)
BOUGHT = (RNG.random(400) < P).astype(np.float64)
SCORE = np.round(P + RNG.normal(0.0, 0.2, 400), 1)


def test_auc_is_the_usual_one_with_ties_and_weights() -> None:
    weight = RNG.integers(0, 4, 400).astype(np.float64)

    assert auc(BOUGHT, SCORE) == pytest.approx(roc_auc_score(BOUGHT, SCORE))
    assert Ranking(SCORE).auc(BOUGHT, weight) == pytest.approx(
        roc_auc_score(BOUGHT, SCORE, sample_weight=weight)
    )


def test_auc_of_probabilities_is_the_mean_over_outcomes() -> None:
    outcomes = (RNG.random((500, 400)) < P).astype(np.float64)
    seen_in_mean = np.mean([auc(outcome, SCORE) for outcome in outcomes])

    assert auc(P, SCORE) == pytest.approx(seen_in_mean, abs=0.003)


def test_gini_is_one_for_the_right_order_and_nothing_for_ties() -> None:
    value = RNG.lognormal(0.0, 1.0, 400)

    assert gini(value, 3.0 * value) == pytest.approx(1.0)
    assert gini(value, np.ones(400)) == pytest.approx(0.0)
    assert gini(value, -value) == pytest.approx(-1.0)


def test_a_row_of_weight_two_is_two_rows() -> None:
    value, weight = RNG.lognormal(0.0, 1.0, 400), np.where(P > 0.5, 2.0, 1.0)
    many = np.repeat(np.arange(400), weight.astype(int))

    assert Ranking(SCORE).lorenz(value, weight) == pytest.approx(
        Ranking(SCORE[many]).lorenz(value[many], np.ones(len(many)))
    )


def test_the_shift_makes_the_mean_right_and_leaves_a_right_one() -> None:
    low = shifted(P, -0.7)
    mean = BOUGHT.mean()

    assert shifted(low, find_shift(BOUGHT, low)).mean() == pytest.approx(mean)
    assert find_shift(P, low) == pytest.approx(0.7)
    assert ece(P, P) == pytest.approx(0.0)


def test_a_band_that_holds_nothing_holds_what_came_back() -> None:
    zero, ten = np.zeros(3), np.full(3, 10.0)

    assert covered(np.array([-5.0, 10.0, 10.1]), zero, ten).tolist() == [
        True,
        True,
        False,
    ]


def test_tenths_hold_all_of_the_money_highest_first() -> None:
    parts = tenths(P * 3.0, P)

    assert sum(part["share"] for part in parts) == pytest.approx(1.0)
    assert parts[0]["expected"] > parts[-1]["expected"]
