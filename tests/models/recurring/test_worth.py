"""Expected values of regular amounts: products that add up, bounds that hold."""

import numpy as np

from models.recurring.worth import Worth, fit_shares, fit_threshold


def test_the_parts_of_a_value_add_up_to_it() -> None:
    rng = np.random.default_rng(0)
    worth = Worth(
        months=3.0, of_stayed=0.98, of_churned=0.4, amount_base=50, p_base=0.2
    )
    parts = rng.normal(0, 0.05, (40, 3))
    amount = rng.uniform(10, 90, 40)
    of_amount, of_parts, base = worth.contributions(amount, parts)
    whole = base + of_amount + of_parts.sum(axis=1)
    expected = worth.predict(amount, 0.2 + parts.sum(axis=1))
    np.testing.assert_allclose(whole, expected)


def test_bounds_hold_nine_in_ten_of_customers_not_seen() -> None:
    rng = np.random.default_rng(1)
    p = rng.beta(1, 3, 40_000)
    churned = (rng.random(len(p)) < p).astype(float)
    worth = Worth(months=3.0, threshold=fit_threshold(p[:20_000], churned[:20_000]))
    low, high = worth.bounds(np.full(20_000, 10.0), p[20_000:])
    value = 30.0 * (1.0 - churned[20_000:])
    inside = np.mean((value >= low - 1e-9) & (value <= high + 1e-9))
    assert 0.88 <= inside <= 0.92


def test_an_unknown_amount_counts_as_the_mean() -> None:
    worth = Worth(months=2.0, mean_amount=7.0)
    np.testing.assert_allclose(worth.predict(np.array([np.nan]), np.array([0.5])), 7.0)


def test_shares_are_those_of_who_stayed_and_who_churned() -> None:
    found = fit_shares(np.array([1.0, 0.9, 0.2]), np.array([0.0, 0.0, 1.0]))
    assert (found["of_stayed"], found["of_churned"]) == (0.95, 0.2)
