"""BG/NBD: the published digits, the identities, the parameters it simulated."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import check_grad
from scipy.special import hyp2f1
from scipy.stats import beta
from sklearn.base import clone

from features.errors import DataError
from models.purchases.bgnbd import BGNBD
from models.purchases.btyd_data import Histories

Floats = npt.NDArray[np.float64]

CDNOW = Path(__file__).parents[4] / "shared/data/cdnow/cdnow_sample_1in10.parquet"
needs_cdnow = pytest.mark.skipif(
    not CDNOW.exists(), reason=f"the CDNOW sample is not at {CDNOW}"
)

HISTORIES = np.array(
    [[0, 0, 1], [0, 0, 400], [1, 5, 300], [2, 90, 280], [5, 200, 210], [300, 700, 730]],
    dtype=float,
)


def make(r: float, alpha: float, a: float, b: float, *, at_zero: bool = False) -> BGNBD:
    """Return a model as if it had learned these parameters."""
    learned = {"r_": r, "alpha_": alpha, "a_": a, "b_": b, "log_likelihood_": 0.0}
    return BGNBD.from_dict({"dropout_at_zero": at_zero, "penalty": 0.0, **learned})


def simulate(model: BGNBD, *, n: int, T: float, seed: int) -> Floats:
    """Draw histories of customers who live by the model."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(model.r_, 1 / model.alpha_, n)
    p_leave = rng.beta(model.a_, model.b_, n)
    ages = rng.uniform(T / 2, T, n)
    rows = []
    for i in range(n):
        at, orders, last = 0.0, 0, 0.0
        gone = model.dropout_at_zero and rng.random() < p_leave[i]
        while not gone:
            at += rng.exponential(1 / rate[i])
            if at > ages[i]:
                break
            orders, last = orders + 1, at
            gone = rng.random() < p_leave[i]
        rows.append((orders, last, ages[i]))
    return np.array(rows)


@pytest.fixture(scope="module")
def cdnow() -> Floats:
    """Return the first 39 weeks of the 1-in-10 sample, in weeks."""
    log = pd.read_parquet(CDNOW)
    end = pd.Timestamp("1997-09-30")
    days = log.loc[log["timestamp"] <= end].groupby("customer_id")["timestamp"]
    first, last = days.min(), days.max()
    weeks = [(last - first).dt.days / 7, (end - first).dt.days / 7]
    return np.column_stack([days.nunique() - 1, *weeks])


@needs_cdnow
def test_cdnow_gives_the_published_digits(cdnow: Floats) -> None:
    """Table 2 of Fader, Hardie and Lee (2005)."""
    model = BGNBD().fit(cdnow)
    assert round(model.r_, 3) == 0.243
    assert round(model.alpha_, 3) == 4.414
    assert round(model.a_, 3) == 0.793
    assert round(model.b_, 3) == 2.426
    assert round(model.log_likelihood_, 1) == -9582.4


@needs_cdnow
def test_the_unit_of_time_does_not_change_the_fit(cdnow: Floats) -> None:
    """Days and weeks differ only in alpha and in the density of an order."""
    weeks, days = BGNBD().fit(cdnow), BGNBD().fit(cdnow * [1, 7, 7])
    assert days.r_ == pytest.approx(weeks.r_, rel=1e-4)
    assert days.alpha_ == pytest.approx(7 * weeks.alpha_, rel=1e-4)
    shift = cdnow[:, 0].sum() * np.log(7)
    assert days.log_likelihood_ == pytest.approx(weeks.log_likelihood_ - shift)


@pytest.mark.parametrize("at_zero", [False, True])
def test_the_fit_recovers_what_it_simulated(*, at_zero: bool) -> None:
    truth = make(0.9, 60.0, 0.8, 2.5, at_zero=at_zero)
    X = simulate(truth, n=6000, T=700.0, seed=1)
    model = BGNBD(dropout_at_zero=at_zero).fit(X)
    assert model.r_ == pytest.approx(truth.r_, rel=0.15)
    assert model.alpha_ == pytest.approx(truth.alpha_, rel=0.15)
    assert model.a_ / (model.a_ + model.b_) == pytest.approx(0.8 / 3.3, rel=0.15)
    assert model.log_likelihood_ >= truth.log_likelihood(X)


def test_expected_orders_and_activity_come_true() -> None:
    """What the truth predicts of a cut history is what then happens."""
    truth = make(0.9, 60.0, 0.8, 2.5)
    rng = np.random.default_rng(2)
    n, T, days = 20_000, 365.0, 180.0
    rate = rng.gamma(truth.r_, 1 / truth.alpha_, n)
    p_leave = rng.beta(truth.a_, truth.b_, n)
    seen, later = np.zeros((n, 3)), np.zeros(n)
    seen[:, 2] = T
    for i in range(n):
        at = rng.exponential(1 / rate[i])
        while at < T + days:
            if at < T:
                seen[i, 0] += 1
                seen[i, 1] = at
            else:
                later[i] += 1
            if rng.random() < p_leave[i]:
                break
            at += rng.exponential(1 / rate[i])
    assert truth.expected_orders(seen, days).mean() == pytest.approx(
        later.mean(), rel=0.05
    )
    assert truth.p_active(seen, days).mean() == pytest.approx(
        (later > 0).mean(), rel=0.05
    )


@pytest.mark.parametrize("a", [0.793, 3.7, 40.0])
def test_expected_orders_is_equation_10(a: float) -> None:
    model, days = make(0.243, 31.0, a, 2.426), 180.0
    x, _, T = HISTORIES.T
    waited, top = model.alpha_ + T, a + model.b_ + x - 1
    gauss = hyp2f1(model.r_ + x, model.b_ + x, top, days / (waited + days))
    silent = (waited / (waited + days)) ** (model.r_ + x)
    while_alive = top / (a - 1) * (1 - silent * gauss)
    got = model.expected_orders(HISTORIES, days)
    assert got == pytest.approx(model.p_alive(HISTORIES) * while_alive, rel=1e-8)


@pytest.mark.parametrize(
    ("r", "alpha", "a", "b"), [(0.3, 0.5, 1.0, 3.0), (5, 9.0, 0.01, 50.0), (9, 1, 9, 9)]
)
def test_expected_orders_holds_where_the_closed_form_breaks(
    r: float, alpha: float, a: float, b: float
) -> None:
    """At a = 1 and for a horizon far longer than the history."""
    model = make(r, alpha, a, b)
    x, T, days = 2.0, 3.0, 500.0
    shape, span = r + x, days / (alpha + T)
    density = beta(a, b + x).pdf
    expected, _ = quad(
        lambda p: (1 - (1 + p * span) ** -shape) / p * density(p), 0, 1, limit=500
    )
    history = np.array([[x, 2.0, T]])
    got = model.expected_orders(history, days) / model.p_alive(history)
    assert got == pytest.approx([expected], rel=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    parameters=st.tuples(*[st.floats(-6, 6).map(np.exp)] * 4),
    at_zero=st.booleans(),
    days=st.floats(0.5, 800),
)
def test_probabilities_and_orders_keep_their_bounds(
    parameters: tuple[float, float, float, float], *, at_zero: bool, days: float
) -> None:
    model = make(*parameters, at_zero=at_zero)
    alive = model.p_alive(HISTORIES)
    active, longer = (model.p_active(HISTORIES, d) for d in (days, 2 * days))
    orders, more = (model.expected_orders(HISTORIES, d) for d in (days, 2 * days))
    assert ((alive >= 0) & (alive <= 1)).all()
    assert ((active >= 0) & (active <= alive)).all()
    assert (longer >= active).all()
    assert (more >= orders * (1 - 1e-9)).all()
    assert (orders >= active * (1 - 1e-6)).all()
    rate = (model.r_ + HISTORIES[:, 0]) / (model.alpha_ + HISTORIES[:, 2])
    assert (orders <= rate * days * (1 + 1e-9)).all()


def test_a_row_is_worth_the_same_in_any_company() -> None:
    model = make(0.9, 60.0, 0.8, 2.5)
    together = model.expected_orders(HISTORIES, 180.0)
    alone = [model.expected_orders(row[None], 180.0)[0] for row in HISTORIES]
    assert together.tolist() == alone


def test_silence_lowers_the_chance_of_being_alive() -> None:
    model = make(0.9, 60.0, 0.8, 2.5)
    quiet = np.array([[3, 100, T] for T in (100, 150, 300, 600)], float)
    assert (np.diff(model.p_alive(quiet)) < 0).all()


def test_a_one_time_buyer_may_be_gone_only_if_dropout_at_zero() -> None:
    once = np.array([[0, 0, 500.0]])
    assert make(0.9, 60.0, 0.8, 2.5).p_alive(once) == [1.0]
    assert make(0.9, 60.0, 0.8, 2.5, at_zero=True).p_alive(once) < 0.5


@pytest.mark.parametrize("at_zero", [False, True])
def test_the_gradient_is_that_of_the_likelihood(*, at_zero: bool) -> None:
    histories = Histories.of(HISTORIES / [1, 100, 100], extra=float(at_zero))

    def value(theta: Floats) -> float:
        return histories.log_likelihood(theta)[0]

    def slope(theta: Floats) -> Floats:
        return histories.log_likelihood(theta)[1]

    for theta in ([0.1, -0.3, 0.2, 0.9], [-1.0, 1.0, 1.5, -0.5]):
        assert check_grad(value, slope, np.array(theta)) < 1e-3


def test_weights_count_as_repeated_rows() -> None:
    X = simulate(make(0.9, 60.0, 0.8, 2.5), n=300, T=400.0, seed=3)
    weight = np.arange(len(X)) % 3
    weighted = BGNBD().fit(X, sample_weight=weight)
    repeated = BGNBD().fit(np.repeat(X, weight, axis=0))
    assert weighted.log_likelihood_ == pytest.approx(repeated.log_likelihood_)
    assert weighted.alpha_ == pytest.approx(repeated.alpha_, rel=1e-4)


def test_the_order_of_rows_does_not_matter() -> None:
    X = simulate(make(0.9, 60.0, 0.8, 2.5), n=300, T=400.0, seed=4)
    assert BGNBD().fit(X).to_dict() == BGNBD().fit(X[::-1]).to_dict()


def test_a_penalty_draws_the_parameters_together() -> None:
    X = simulate(make(0.9, 60.0, 0.8, 2.5), n=300, T=400.0, seed=5)
    free, held = BGNBD().fit(X), BGNBD(penalty=10.0).fit(X)
    assert abs(np.log(held.b_)) < abs(np.log(free.b_))


def test_a_log_without_one_repeat_can_be_fitted() -> None:
    X = np.array([[0.0, 0.0, T] for T in (0, 10, 200, 300)])
    model = BGNBD().fit(X)
    assert (model.p_active(X, 30) <= 0.5).all()


def test_a_data_frame_is_read_by_name() -> None:
    frame = pd.DataFrame(HISTORIES, columns=["frequency", "recency", "T"])
    frame.insert(0, "net_spend", 9.0)
    model = make(0.9, 60.0, 0.8, 2.5)
    assert (model.p_alive(frame) == model.p_alive(HISTORIES)).all()


def test_json_restores_the_model_exactly() -> None:
    model = BGNBD(dropout_at_zero=True).fit(HISTORIES)
    again = BGNBD.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again.to_dict() == model.to_dict()
    assert (
        again.expected_orders(HISTORIES, 90) == model.expected_orders(HISTORIES, 90)
    ).all()


def test_clone_keeps_parameters_and_forgets_the_fit() -> None:
    fresh = clone(BGNBD(dropout_at_zero=True, penalty=0.1).fit(HISTORIES))
    assert fresh.get_params() == {"dropout_at_zero": True, "penalty": 0.1}
    assert not hasattr(fresh, "r_")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([[1, 20, 10]], "1 of 1 rows are no history"),
        ([[-1, 0, 10]], "1 of 1 rows are no history"),
        ([[0, 0, float("nan")]], "1 of 1 rows are no history"),
        ([[1, 2]], r"array of shape \(1, 2\)"),
    ],
)
def test_an_impossible_history_is_refused(row: list[list[float]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        BGNBD().fit(row)


def test_no_customer_is_refused() -> None:
    with pytest.raises(DataError, match="No customer to fit BG/NBD on"):
        BGNBD().fit(np.empty((0, 3)))
