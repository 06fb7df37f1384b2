"""What is called true of a world is true of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.parts.quantile_groups import quantile_groups
from tests.worlds.catalogue import WORLDS, irregular_buyers, whales
from tests.worlds.process import Floats
from tests.worlds.world import World

SEEDS = range(3)
CUSTOMERS = 300
FUTURES = 40
DEVIATIONS = 4.5
"""From what is expected; of all that is looked at here, one in a thousand is so far."""


@pytest.fixture(scope="module", params=WORLDS, ids=lambda name: name.replace(" ", "-"))
def drawn(request: pytest.FixtureRequest) -> list[World]:
    """Draw one world again and again."""
    make = WORLDS[request.param]
    return [make(seed, n_customers=CUSTOMERS) for seed in SEEDS]


def test_true_probabilities_are_the_shares_that_buy(drawn: list[World]) -> None:
    truth = pd.concat([world.truth for world in drawn])
    p, bought = truth["p_buy"].to_numpy(), truth["bought"].to_numpy()

    assert ((p >= -1e-9) & (p <= 1.0)).all()
    for rows in quantile_groups(p, n_groups=5):
        deviation = np.sqrt((p[rows] * (1.0 - p[rows])).sum())
        assert abs((bought - p)[rows].sum()) < DEVIATIONS * deviation + 1.0


@pytest.mark.parametrize(
    ("expected", "actual"),
    [("expected_orders", "n_orders"), ("expected_value", "value")],
)
def test_what_is_expected_comes_in_the_mean(
    drawn: list[World], expected: str, actual: str
) -> None:
    truth = pd.concat([world.truth for world in drawn])

    check_mean((truth[actual] - truth[expected]).to_numpy())


def test_futures_are_those_that_the_truth_tells_of(drawn: list[World]) -> None:
    world = drawn[0]
    futures = world.futures(FUTURES)
    p = world.truth["p_buy"].to_numpy()
    spread = np.sqrt((p * (1.0 - p)).sum() / FUTURES)

    assert futures.shape == (FUTURES, CUSTOMERS)
    assert abs(((futures > 0).mean(axis=0) - p).sum()) < DEVIATIONS * spread + 0.1
    missed = futures - world.truth["expected_value"].to_numpy()
    check_mean(missed.sum(axis=1))


def test_the_log_ends_before_what_is_foretold(drawn: list[World]) -> None:
    for world in drawn:
        assert (world.transactions["occurred_at"] < world.as_of).all()
        assert set(world.transactions["customer_id"]) == set(world.truth.index)
        assert (world.transactions["amount"] > 0).all()


def test_a_seed_makes_one_world() -> None:
    first, again, other = (irregular_buyers(seed, n_customers=50) for seed in (7, 7, 8))

    pd.testing.assert_frame_equal(first.transactions, again.transactions)
    pd.testing.assert_frame_equal(first.truth, again.truth)
    np.testing.assert_array_equal(first.futures(2), again.futures(2))
    assert not first.transactions.equals(other.transactions)


def test_a_whale_is_known_by_what_it_spent() -> None:
    world = whales(1)
    spend = world.transactions.groupby("customer_id")["amount"].mean().to_numpy()
    amount = world.truth["expected_value"] / world.truth["expected_orders"]
    whale = spend.argmax()

    assert spend[whale] > 100 * np.median(spend)
    assert amount.to_numpy()[whale] == pytest.approx(spend[whale], rel=0.5)


def test_there_are_a_dozen() -> None:
    assert len(WORLDS) == 12


def check_mean(missed: Floats) -> None:
    """Hold the mean of independent misses to be nothing."""
    error = missed.std(ddof=1) / np.sqrt(len(missed))

    assert abs(missed.mean()) < DEVIATIONS * error
