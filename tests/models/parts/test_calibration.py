"""Calibration: it finds what it simulated, keeps order, and carries sums and signs."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit, logit

from models.parts.calibration import (
    SLOPES,
    Calibration,
    choose_logistic,
    fit_isotonic,
    fit_logistic,
    fit_money,
    with_mean,
)

Floats = npt.NDArray[np.float64]

KNOTS = st.lists(st.tuples(st.floats(0.05, 1.0), st.floats(0.05, 1.0)), max_size=4).map(
    lambda steps: tuple(map(tuple, np.cumsum([(-1, -1), *steps], axis=0).tolist()))
)
MAPS = st.builds(
    Calibration,
    shift=st.floats(-5, 5),
    slope=st.floats(*SLOPES),
    link=st.sampled_from(["logistic", "exp"]),
    knots=st.just(()) | KNOTS,
)
PARTS = st.tuples(st.integers(1, 6), st.integers(1, 5)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(-3, 3))
)


def scores(n: int, *, seed: int = 0) -> Floats:
    """Return scores as a model gives them."""
    return np.random.default_rng(seed).normal(0.5, 1.2, n)


@given(MAPS, PARTS, st.floats(-5, 5))
def test_contributions_that_are_carried_add_up(
    calibration: Calibration, parts: Floats, base: float
) -> None:
    served = calibration(parts.sum(axis=1) + base)
    carried, start = calibration.carry(parts, base)
    np.testing.assert_allclose(
        carried.sum(axis=1) + start, served, rtol=1e-9, atol=1e-9
    )


@given(MAPS, PARTS, st.floats(-5, 5))
def test_contributions_that_are_carried_keep_sign_and_order(
    calibration: Calibration, parts: Floats, base: float
) -> None:
    carried, _ = calibration.carry(parts, base)
    assert (carried * parts >= 0).all()
    for before, after in zip(parts, carried, strict=True):
        order = np.argsort(before, kind="stable")
        assert (np.diff(after[order]) >= -1e-12 * np.abs(after).max()).all()


@given(MAPS, st.floats(-5, 5))
def test_the_base_is_what_a_customer_without_contributions_is_served(
    calibration: Calibration, base: float
) -> None:
    carried, start = calibration.carry(np.zeros((1, 3)), base)
    assert start == float(calibration(base))
    assert (carried == 0).all()


@given(MAPS)
def test_a_higher_score_is_served_a_higher_figure(calibration: Calibration) -> None:
    served = calibration(np.linspace(-3, 3, 50))
    assert (np.diff(served) > 0).all()
    assert (served > 0).all()


def test_platts_parameters_are_recovered() -> None:
    score = scores(20_000)
    drawn = np.random.default_rng(1).uniform(size=len(score))
    churned = (drawn < expit(-0.7 + 1.4 * score)).astype(float)
    fitted = fit_logistic(score, churned)
    assert fitted.link == "logistic"
    assert fitted.shift == pytest.approx(-0.7, abs=0.06)
    assert fitted.slope == pytest.approx(1.4, abs=0.06)
    assert fitted(score).mean() == pytest.approx(churned.mean(), abs=1e-3)


def test_an_isotonic_map_is_found_where_platts_is_wrong() -> None:
    score = scores(20_000)
    rate = np.where(score < 0.5, 0.1, 0.4)
    churned = (np.random.default_rng(1).uniform(size=len(score)) < rate).astype(float)
    chosen = choose_logistic(score, churned, seed=0)
    assert chosen.method == "isotonic"
    found = np.array([chosen(-1.0), chosen(2.5)])
    np.testing.assert_allclose(found, [0.1, 0.4], atol=0.04)
    assert np.abs(fit_logistic(score, churned)(score) - rate).mean() > 2 * (
        np.abs(chosen(score) - rate).mean()
    )


def test_platts_map_is_kept_where_it_is_right() -> None:
    score = scores(20_000)
    drawn = np.random.default_rng(1).uniform(size=len(score))
    churned = (drawn < expit(-0.7 + 1.4 * score)).astype(float)
    chosen = choose_logistic(score, churned, seed=0)
    assert chosen == fit_logistic(score, churned)
    assert chosen.method == "platt"


@pytest.mark.parametrize("n", [3, 60, 700])
def test_an_isotonic_map_ties_nobody(n: int) -> None:
    score = scores(n)
    drawn = np.random.default_rng(1).uniform(size=n)
    fitted = fit_isotonic(score, (drawn < expit(score)).astype(float))
    served = fitted(np.linspace(score.min() - 1, score.max() + 1, 200))
    assert (np.diff(served) > 0).all()
    assert ((served > 0) & (served < 1)).all()


def test_scores_that_are_all_alike_can_be_calibrated() -> None:
    churned = np.tile([0.0, 0.0, 0.0, 1.0], 200)
    for fit in (fit_logistic, fit_isotonic):
        fitted = fit(np.full(800, 0.3), churned)
        assert float(fitted(0.3)) == pytest.approx(0.25, abs=0.01)


def test_a_perfect_split_stays_finite() -> None:
    score = np.linspace(-2, 2, 100)
    fitted = fit_logistic(score, (score > 0).astype(float))
    assert SLOPES[0] <= fitted.slope <= SLOPES[1]
    assert (fitted(score) < 1).all()
    assert (fitted(score) > 0).all()


@pytest.mark.parametrize("churned", [0.0, 1.0])
def test_one_class_alone_stays_short_of_certainty(churned: float) -> None:
    fitted = fit_logistic(scores(100), np.full(100, churned))
    p = fitted(scores(100))
    assert np.abs(p - churned).mean() == pytest.approx(1 / 102, rel=0.05)


def test_a_score_that_says_the_contrary_is_flattened_not_turned() -> None:
    score = scores(1_000)
    fitted = fit_logistic(score, (score < 0).astype(float))
    assert fitted.slope == pytest.approx(SLOPES[0])


def test_moneys_parameters_are_recovered() -> None:
    score = scores(20_000)
    rng = np.random.default_rng(1)
    mean = np.exp(3.0 + 0.8 * score)
    value = mean * rng.binomial(1, 0.4, len(score)) / 0.4 * rng.gamma(2, 0.5, len(mean))
    fitted = fit_money(score, value)
    assert fitted.link == "exp"
    assert fitted.shift == pytest.approx(3.0, abs=0.06)
    assert fitted.slope == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize("unit", [0.01, 1.0, 1e5])
def test_money_keeps_the_total_in_any_unit(unit: float) -> None:
    score = scores(2_000) + np.log(unit)
    noise = np.random.default_rng(1).gamma(0.5, 2.0, len(score))
    value = unit * np.exp(1.0 + 1.2 * (score - np.log(unit))) * noise
    fitted = fit_money(score, value)
    assert fitted(score).sum() == pytest.approx(value.sum(), rel=1e-3)


def test_more_returned_than_bought_counts_as_nothing() -> None:
    score = scores(500)
    value = np.exp(score)
    value[::3] = 0.0
    back = np.where(value == 0, -5.0, value)
    assert fit_money(score, back) == fit_money(score, value)


@given(st.floats(0.01, 0.99), st.floats(*SLOPES), st.integers(0, 5))
def test_probabilities_get_the_mean_that_is_asked(
    mean: float, slope: float, seed: int
) -> None:
    score = scores(200, seed=seed)
    moved = with_mean(Calibration(9.0, slope, "logistic"), score, mean)
    assert moved.slope == slope
    assert moved(score).mean() == pytest.approx(mean, abs=1e-9)


@given(st.floats(0.01, 1e7), st.floats(*SLOPES), st.integers(0, 5))
def test_money_gets_the_mean_that_is_asked(
    mean: float, slope: float, seed: int
) -> None:
    score = scores(200, seed=seed)
    moved = with_mean(Calibration(9.0, slope, "exp"), score, mean)
    assert moved.slope == slope
    assert moved(score).mean() == pytest.approx(mean)


def test_the_logistic_mean_inverts_the_link() -> None:
    moved = with_mean(Calibration(0.0, 1.0, "logistic"), np.zeros(5), 0.3)
    assert moved.shift == pytest.approx(logit(0.3))


@given(MAPS)
def test_what_is_restored_is_the_same(calibration: Calibration) -> None:
    values = json.loads(json.dumps(calibration.to_dict()))
    assert Calibration.from_dict(values) == calibration


@given(st.integers(1, 400), st.integers(0, 1_000), st.floats(0.0, 1.0))
def test_an_isotonic_map_does_not_go_by_the_order_of_the_rows(
    n: int, seed: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    score = rng.normal(size=n)
    score = np.maximum(score, np.quantile(score, share))
    churned = (rng.uniform(size=n) < expit(score)).astype(float)
    turned = rng.permutation(n)
    first, second = (
        fit_isotonic(score[rows], churned[rows]) for rows in (np.arange(n), turned)
    )
    np.testing.assert_allclose(first(score), second(score), rtol=1e-9)


def test_a_spike_gets_the_rate_of_all_who_share_it() -> None:
    score = np.repeat([0.0, 3.0], [900, 100])
    churned = np.concatenate([np.zeros(450), np.ones(450), np.ones(100)])
    fitted = fit_isotonic(score, churned)
    np.testing.assert_allclose(fitted(0.0), 450.5 / 901.0)
