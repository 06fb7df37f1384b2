"""One measure for every kind of churn: what it says, and what it leaves open."""

from __future__ import annotations

import numpy as np
import pytest

from training.judge.outcome import (
    MIN_CUSTOMERS_TO_RANK,
    Outcome,
    measure,
    measure_slices,
    to_masks,
)

N = MIN_CUSTOMERS_TO_RANK


def outcome_of(churned: list[float], value: list[float]) -> Outcome:
    n = len(churned)
    ranks = np.linspace(0.1, 0.9, n)
    return Outcome(
        p=ranks,
        expected=100 * (1 - ranks),
        low=np.zeros(n),
        high=np.full(n, 200.0),
        churned=np.array(churned),
        value=np.array(value),
    )


def test_gini_needs_spend_to_differ_not_churn() -> None:
    """Customers who all stayed are still told apart by what they paid."""
    stayed = outcome_of([0.0] * N, [float(N - place) for place in range(N)])
    measures = measure(stayed)
    assert measures["auc"] is None
    assert measures["gini"] == pytest.approx(1.0)


def test_gini_is_open_where_nothing_was_spent() -> None:
    measures = measure(outcome_of([0.0, 1.0] * (N // 2), [0.0] * N))
    assert measures["auc"] is not None
    assert measures["gini"] is None
    assert measures["total_error"] is None


def test_returns_beyond_purchases_count_as_nothing_in_an_order_of_spend() -> None:
    half = N // 2
    refunded = outcome_of([0.0, 1.0] * half, [9.0] * half + [-5.0] * half)
    nothing = outcome_of([0.0, 1.0] * half, [9.0] * half + [0.0] * half)
    assert measure(refunded)["gini"] == measure(nothing)["gini"]
    assert measure(refunded)["value_mean"] < measure(nothing)["value_mean"]


def test_too_few_customers_are_not_ranked() -> None:
    measures = measure(outcome_of([0.0, 1.0] * 5, [1.0, 0.0] * 5))
    assert measures["n_customers"] == 10
    assert (measures["auc"], measures["ece"], measures["gini"]) == (None, None, None)
    assert measures["brier"] > 0


def test_slices_are_in_the_order_of_the_names_and_those_of_nobody_left_out() -> None:
    member = np.array(["B", "A"] * (N // 2))
    outcome = outcome_of([0.0, 1.0] * (N // 2), [1.0, 0.0] * (N // 2))
    named = measure_slices(outcome, {"tier": to_masks(member, ["VIP", "B", "A"])})
    assert list(named["tier"]) == ["B", "A"]
    assert list(measure_slices(outcome, {"tier": to_masks(member)})["tier"]) == [
        "A",
        "B",
    ]
    assert named["tier"]["A"]["churn_rate"] == 1.0
