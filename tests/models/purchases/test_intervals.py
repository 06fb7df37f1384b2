"""Bands hold the share of customers that they promise, in all and group by group."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.purchases.intervals import MIN_CUSTOMERS_PER_GROUP, ValueIntervals, _upper
from tests.models.samples import check_estimator_rules

Floats = npt.NDArray[np.float64]


def customers(n: int, *, seed: int, p_zero: float) -> tuple[Floats, Floats]:
    """Draw what was expected and what came; small customers miss by larger ratios."""
    rng = np.random.default_rng(seed)
    expected = rng.lognormal(3.0, 1.0, n)
    shape = np.clip(expected / 20.0, 0.5, 6.0)
    actual = expected * rng.gamma(shape) / shape
    return expected, np.where(rng.uniform(size=n) < p_zero, 0.0, actual)


def held(
    expected: Floats, actual: Floats, model: ValueIntervals
) -> npt.NDArray[np.bool_]:
    """Return whose value lies in its band."""
    low, high = model.predict(expected)
    return np.asarray((actual >= low) & (actual <= high))


@pytest.mark.parametrize("p_zero", [0.0, 0.04, 0.5])
def test_new_customers_lie_in_their_bands_as_promised(p_zero: float) -> None:
    model = ValueIntervals().fit(*customers(4_000, seed=0, p_zero=p_zero))
    expected, actual = customers(20_000, seed=1, p_zero=p_zero)
    inside = held(expected, actual, model)
    assert 0.88 <= inside.mean() <= 0.92
    tenths = np.array_split(np.argsort(expected), 10)
    for group in tenths:
        assert 0.85 <= inside[group].mean() <= 0.95


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_the_coverage_is_as_asked(coverage: float) -> None:
    fitted = ValueIntervals(coverage=coverage)
    fitted.fit(*customers(4_000, seed=0, p_zero=0.0))
    inside = held(*customers(20_000, seed=1, p_zero=0.0), fitted)
    assert inside.mean() == pytest.approx(coverage, abs=0.02)


def test_both_tails_miss_alike_where_nobody_is_at_zero() -> None:
    model = ValueIntervals().fit(*customers(4_000, seed=0, p_zero=0.0))
    expected, actual = customers(20_000, seed=1, p_zero=0.0)
    low, high = model.predict(expected)
    assert np.mean(actual < low) == pytest.approx(0.05, abs=0.01)
    assert np.mean(actual > high) == pytest.approx(0.05, abs=0.01)


def test_where_many_spend_nothing_the_band_starts_at_zero() -> None:
    model = ValueIntervals().fit(*customers(4_000, seed=0, p_zero=0.5))
    assert (model.low_ == 0).all()


@given(
    st.integers(1, 400),
    st.integers(0, 1_000),
    st.sampled_from([0.0, 0.05, 0.5, 1.0]),
)
def test_the_lower_end_is_never_above_the_upper(
    n: int, seed: int, p_zero: float
) -> None:
    expected, actual = customers(n, seed=seed, p_zero=p_zero)
    model = ValueIntervals().fit(expected, actual)
    low, high = model.predict(np.append(expected, [1e-9, 1e9]))
    assert (low >= 0).all()
    assert (low <= high).all()
    assert np.isfinite(high).all()


@given(
    st.integers(1, 1_200),
    st.integers(0, 1_000),
    st.floats(0.0, 1.0),
    st.booleans(),
)
def test_customers_who_share_a_forecast_share_a_group_that_is_never_empty(
    n: int, seed: int, share: float, is_below: bool
) -> None:
    """A spike at the bottom or at the top, from nobody to everybody."""
    expected, actual = customers(n, seed=seed, p_zero=0.1)
    edge = np.quantile(expected, share if is_below else 1.0 - share)
    clip = np.maximum if is_below else np.minimum
    expected = clip(expected, edge)
    model = ValueIntervals().fit(expected, actual)
    sizes = np.bincount(model._group(expected), minlength=len(model.low_))
    assert sizes.min() >= min(n, MIN_CUSTOMERS_PER_GROUP // 2)
    assert len(sizes) == len(model.low_) == len(model.cuts_) + 1
    low, high = model.predict(expected)
    assert (low <= high).all()
    for ends in (low, high):
        assert len(set(ends[expected == edge].tolist())) <= 1


@pytest.mark.parametrize("share", [0.12, 0.3, 0.99])
@pytest.mark.parametrize("is_below", [True, False])
def test_bands_hold_as_promised_beside_a_spike(share: float, is_below: bool) -> None:
    def draw(n: int, *, seed: int) -> tuple[Floats, Floats]:
        expected, actual = customers(n, seed=seed, p_zero=0.1)
        order = np.argsort(expected if is_below else -expected)
        spike = order[: round(share * n)]
        expected[spike] = expected[spike[-1]]
        return expected, actual

    model = ValueIntervals().fit(*draw(4_000, seed=0))
    expected, actual = draw(20_000, seed=1)
    model.place(expected)
    assert held(expected, actual, model).mean() == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize(
    ("n", "n_groups"),
    [(10, 1), (2 * MIN_CUSTOMERS_PER_GROUP - 1, 1), (250, 5), (9_000, 10)],
)
def test_each_group_is_large_enough_for_its_tails(n: int, n_groups: int) -> None:
    model = ValueIntervals().fit(*customers(n, seed=0, p_zero=0.1))
    assert len(model.low_) == len(model.high_) == n_groups
    assert len(model.cuts_) == n_groups - 1


def test_groups_follow_the_rank_among_those_who_are_served() -> None:
    """The same ratios hold for customers who all spend ten times as much."""
    expected, actual = customers(2_000, seed=0, p_zero=0.1)
    model = ValueIntervals().fit(expected, actual)
    low, high = model.predict(expected)
    model.place(10 * expected)
    np.testing.assert_allclose(model.predict(10 * expected), (10 * low, 10 * high))


def test_more_returned_than_bought_counts_as_nothing() -> None:
    expected, actual = customers(1_000, seed=0, p_zero=0.3)
    back = np.where(actual == 0, -7.0, actual)
    first, second = (ValueIntervals().fit(expected, a) for a in (actual, back))
    assert first.to_dict() == second.to_dict()


def test_the_conformal_quantile_is_a_value_that_was_seen() -> None:
    values = np.arange(1.0, 20.0)[::-1]
    assert _upper(values, 0.9) == 18.0
    assert _upper(values, 0.95) == 19.0
    assert _upper(values, 0.99) == 19.0
    assert _upper(values, 0.0) == 1.0


def test_what_is_restored_gives_the_same_bits() -> None:
    expected, actual = customers(700, seed=0, p_zero=0.3)
    model = ValueIntervals().fit(expected, actual)
    restored = ValueIntervals.from_dict(json.loads(json.dumps(model.to_dict())))
    for first, second in zip(
        restored.predict(expected), model.predict(expected), strict=True
    ):
        assert (first == second).all()


def test_it_follows_the_conventions() -> None:
    data = customers(200, seed=0, p_zero=0.3)
    check_estimator_rules(
        ValueIntervals(coverage=0.8, n_groups=4), lambda m: m.fit(*data)
    )
