"""Tests of how long a list should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.lists.profit import expected_profit, profit_curve

profits = st.lists(st.integers(-20, 20).map(float), max_size=8)


def test_profit_is_what_is_kept_less_what_it_costs() -> None:
    found = expected_profit([0.5, np.nan], [200.0, 50.0], save_rate=0.1, cost=4.0)
    assert found[0] == 6.0
    assert np.isnan(found[1])


@given(profits, st.none() | st.integers(0, 9), st.none() | st.integers(0, 30))
def test_no_other_length_brings_more(
    profit: list[float], capacity: int | None, budget: int | None
) -> None:
    curve = profit_curve(
        profit,
        cost=3.0,
        capacity=capacity,
        budget=None if budget is None else float(budget),
    )
    most = min(
        len(profit),
        len(profit) if capacity is None else capacity,
        len(profit) if budget is None else budget // 3,
    )
    best = max(sum(sorted(profit, reverse=True)[:n]) for n in range(most + 1))
    assert curve.total == best
    assert curve.length <= most
    assert curve.total == curve.cumulative[curve.length]


@pytest.mark.parametrize(
    ("capacity", "budget", "length", "ended_by", "next_unit"),
    [
        (None, None, 3, "profit", 0.0),
        (2, None, 2, "capacity", 0.0),
        (None, 8.0, 2, "budget", 0.5),
        (None, 7.9, 1, "budget", 0.75),
        (1, 8.0, 1, "capacity", 0.0),
        (None, 0.0, 0, "budget", 1.25),
    ],
)
def test_it_says_what_ends_the_list_and_what_more_money_would_bring(
    capacity: int | None,
    budget: float | None,
    length: int,
    ended_by: str,
    next_unit: float,
) -> None:
    curve = profit_curve(
        [3.0, -1.0, 5.0, 2.0], cost=4.0, capacity=capacity, budget=budget
    )
    assert (curve.length, curve.ended_by) == (length, ended_by)
    assert curve.next_unit == next_unit


def test_who_would_bring_nothing_is_not_worth_a_call() -> None:
    curve = profit_curve([1.0, 0.0, -1.0], cost=1.0)
    assert (curve.length, curve.next_profit, curve.ended_by) == (1, 0.0, "profit")


def test_a_list_of_all_ends_with_the_customers() -> None:
    curve = profit_curve([1.0, 2.0], cost=1.0)
    assert (curve.length, curve.next_profit, curve.ended_by) == (2, None, "customers")


def test_unknown_profits_take_no_part() -> None:
    curve = profit_curve([np.nan, 2.0, np.nan], cost=1.0)
    assert curve.order.tolist() == [1]


def test_a_budget_is_a_whole_number_of_customers_whatever_the_fractions() -> None:
    assert profit_curve([1.0] * 5, cost=0.1, budget=0.3).length == 3


def test_an_action_that_costs_nothing_has_no_price_of_money() -> None:
    assert profit_curve([1.0, 2.0], cost=0.0, budget=0.0).next_unit is None
