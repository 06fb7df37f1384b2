"""Gamma-Gamma: the published digits, the identities, the parameters it simulated."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import check_grad
from sklearn.base import clone

from features.errors import DataError
from models.purchases.gamma_gamma import GammaGamma, _log_likelihood

Floats = npt.NDArray[np.float64]

CDNOW = Path(__file__).parents[4] / "shared/data/cdnow/cdnow_sample_1in10.parquet"
needs_cdnow = pytest.mark.skipif(
    not CDNOW.exists(), reason=f"the CDNOW sample is not at {CDNOW}"
)


def make(p: float, q: float, v: float) -> GammaGamma:
    """Return a model as if it had learned these parameters."""
    learned = {"p_": p, "q_": q, "v_": v, "log_likelihood_": 0.0}
    return GammaGamma.from_dict(
        {"penalty": 0.0, "mean_spend_": p * v / (q - 1), **learned}
    )


def simulate(model: GammaGamma, *, n: int, seed: int) -> tuple[Floats, Floats]:
    """Draw frequency and mean spend of customers who live by the model."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 12, n).astype(float)
    rate = rng.gamma(model.q_, 1 / model.v_, n)
    spend = rng.gamma(model.p_ * np.maximum(x, 1)) / rate / np.maximum(x, 1)
    return x, np.where(x > 0, spend, 0.0)


@needs_cdnow
def test_cdnow_gives_the_published_digits() -> None:
    """Fader and Hardie (2013), section 4: 946 customers with a repeat order."""
    log = pd.read_parquet(CDNOW)
    log = log.loc[log["timestamp"] < pd.Timestamp("1997-10-01")]
    by_day = log.groupby(["customer_id", "timestamp"], as_index=False)["amount"].sum()
    repeat = by_day.loc[by_day["customer_id"].duplicated()]
    spend = repeat.groupby("customer_id")["amount"].agg(["size", "mean"])
    model = GammaGamma().fit(spend["size"], spend["mean"])
    assert len(spend) == 946
    assert round(model.p_, 2) == 6.25
    assert round(model.q_, 2) == 3.74
    assert round(model.v_, 2) == 15.44


def test_the_fit_recovers_what_it_simulated() -> None:
    truth = make(6.25, 3.74, 15.44)
    model = GammaGamma().fit(*simulate(truth, n=40_000, seed=1))
    assert model.p_ == pytest.approx(truth.p_, rel=0.1)
    assert model.q_ == pytest.approx(truth.q_, rel=0.1)
    assert model.v_ == pytest.approx(truth.v_, rel=0.1)
    assert model.mean_spend_ == pytest.approx(truth.mean_spend_, rel=0.05)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_of_money_does_not_change_the_fit(unit: float) -> None:
    x, spend = simulate(make(6.25, 3.74, 15.44), n=2000, seed=2)
    one, other = GammaGamma().fit(x, spend), GammaGamma().fit(x, spend * unit)
    assert other.q_ == pytest.approx(one.q_, rel=1e-4)
    assert other.v_ == pytest.approx(one.v_ * unit, rel=1e-4)


@given(
    p=st.floats(0.05, 500),
    q=st.floats(1.01, 100),
    v=st.floats(1e-3, 1e4),
    spend=st.floats(1e-2, 1e6),
)
def test_the_expected_mean_lies_between_own_and_usual(
    p: float, q: float, v: float, spend: float
) -> None:
    model = make(p, q, v)
    usual = p * v / (q - 1)
    x = np.array([1.0, 2.0, 10.0, 1000.0])
    mean = model.expected_mean_spend(x, np.full(4, spend))
    assert (mean >= min(spend, usual) * (1 - 1e-9)).all()
    assert (mean <= max(spend, usual) * (1 + 1e-9)).all()
    gap = np.abs(mean - spend)
    assert (np.diff(gap) <= 1e-9 * max(spend, usual)).all()


@pytest.mark.parametrize("spend", [0.0, -5.0, 80.0])
def test_without_a_repeat_order_everybodys_mean_is_expected(spend: float) -> None:
    model = make(6.25, 3.74, 15.44)
    assert model.expected_mean_spend([0], [spend]) == [model.mean_spend_]


def test_a_negative_mean_is_no_ground_for_a_forecast() -> None:
    model = make(6.25, 3.74, 15.44)
    assert model.expected_mean_spend([3], [-12.0]) == [model.mean_spend_]


def test_customers_without_a_repeat_order_do_not_count_in_the_fit() -> None:
    x, spend = simulate(make(6.25, 3.74, 15.44), n=500, seed=3)
    repeat = x > 0
    assert (
        GammaGamma().fit(x, spend).to_dict()
        == GammaGamma().fit(x[repeat], spend[repeat]).to_dict()
    )


@pytest.mark.parametrize("spend", [[20.0], [20.0, 20.0, 20.0], [1e-3, 1e9]])
def test_hardly_any_or_equal_spends_still_give_finite_means(spend: list[float]) -> None:
    x = np.arange(1.0, len(spend) + 1)
    model = GammaGamma().fit(x, spend)
    mean = model.expected_mean_spend([0, 1, 5], [0.0, 20.0, 20.0])
    assert np.isfinite(mean).all()
    assert (mean > 0).all()


def test_the_gradient_is_that_of_the_likelihood() -> None:
    x, spend = np.array([1.0, 3.0, 8.0]), np.array([0.7, 1.3, 2.9])

    def value(theta: Floats) -> float:
        return _log_likelihood(theta, x, spend)[0]

    def slope(theta: Floats) -> Floats:
        return _log_likelihood(theta, x, spend)[1]

    assert check_grad(value, slope, np.array([0.4, 0.9, -0.3])) < 1e-5


def test_json_restores_the_model_exactly() -> None:
    model = GammaGamma().fit([1, 2, 5], [10.0, 30.0, 25.0])
    again = GammaGamma.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again.to_dict() == model.to_dict()


def test_clone_keeps_parameters_and_forgets_the_fit() -> None:
    fresh = clone(GammaGamma(penalty=0.5).fit([1, 2, 5], [10.0, 30.0, 25.0]))
    assert fresh.get_params() == {"penalty": 0.5}
    assert not hasattr(fresh, "p_")


@pytest.mark.parametrize(
    ("frequency", "spend", "message"),
    [
        ([0, 0], [0.0, 0.0], "No customer has a repeat order"),
        ([], [], "No customer has a repeat order"),
        ([1, 2], [1.0], r"shapes \(2,\) and \(1,\)"),
        ([1], [float("inf")], "not finite"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    frequency: list[int], spend: list[float], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        GammaGamma().fit(frequency, spend)
