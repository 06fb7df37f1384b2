"""What is asked of the product in made-up worlds can be reached, and can be missed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.bench.looks import Served
from tests.bench.worlds import FUTURES, compare
from tests.worlds.catalogue import WORLDS, irregular_buyers
from tests.worlds.world import World

DRAWN = 100
CUSTOMERS = 400


def tell_truth(world: World) -> Served:
    """Serve what is true of a world, with bands from futures that do not judge."""
    futures = world.futures(FUTURES + DRAWN)[FUTURES:]
    p = world.truth["p_buy"].to_numpy(dtype=np.float64)
    from_zero = 1.0 - p >= 0.05
    ends = np.quantile(futures, (0.05, 0.9, 0.95), axis=0)
    totals = np.quantile(futures.sum(axis=1), (0.05, 0.95))
    return Served(
        customers=world.truth.index,
        p_buy=p,
        expected=world.truth["expected_value"].to_numpy(dtype=np.float64),
        low=np.where(from_zero, 0.0, ends[0]),
        high=np.where(from_zero, ends[1], ends[2]),
        tier=np.full(len(p), "C"),
        stage=np.full(len(p), "repeat"),
        total_band=(float(totals[0]), float(totals[1])),
        level_band=None,
        basis="truth",
        seconds=0.0,
    )


@pytest.mark.parametrize("name", WORLDS)
def test_the_truth_falls_short_of_nothing(name: str) -> None:
    world = WORLDS[name](2, n_customers=CUSTOMERS)
    near = compare(world, tell_truth(world))

    assert near.short == []
    assert near.auc_behind == 0.0
    assert near.total_held >= 0.6


def test_what_is_far_from_the_truth_is_called_so() -> None:
    world = irregular_buyers(2, n_customers=CUSTOMERS)
    truth = tell_truth(world)
    rng = np.random.default_rng(0)
    noisy = np.clip(truth.p_buy + rng.normal(0.0, 0.2, CUSTOMERS), 0.01, 0.99)

    assert "AUC" in compare(world, replace(truth, p_buy=noisy)).short
    assert "level" in compare(world, replace(truth, p_buy=truth.p_buy / 2)).short
    assert "total" in compare(world, replace(truth, expected=truth.expected * 2)).short
    assert "bands" in compare(world, replace(truth, high=truth.high / 2)).short
    flat = np.full(CUSTOMERS, truth.p_buy.mean()) + 1e-3 * truth.p_buy
    assert compare(world, replace(truth, p_buy=flat)).short == ["shape"]
