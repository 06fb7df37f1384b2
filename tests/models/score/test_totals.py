"""The interval of a list's total holds the total as often as it says."""

import numpy as np
import numpy.typing as npt
import pytest

from models.purchases.intervals import ValueIntervals
from models.score.totals import COVERAGE, total_interval

Floats = npt.NDArray[np.float64]
TRIES = 400


def buyers(rng: np.random.Generator, chance: Floats, mean: Floats) -> Floats:
    """Draw what each spends: nothing, or an exponential amount."""
    spent = rng.exponential(mean / chance)
    return np.where(rng.random(len(chance)) < chance, spent, 0.0)


@pytest.mark.parametrize("spread", [0.0, 0.15])
@pytest.mark.parametrize("least_chance", [0.3, 0.9])
def test_it_holds_the_total_nine_times_in_ten(
    spread: float, least_chance: float
) -> None:
    rng = np.random.default_rng(3)
    chance = rng.uniform(least_chance, 1.0, size=4000)
    mean = 200.0 * chance * rng.lognormal(0.0, 0.4, size=len(chance))
    bands = ValueIntervals().fit(mean, buyers(rng, chance, mean))
    listed = rng.permutation(len(chance))[:300]
    low, high = bands.predict(mean[listed])
    low, high = np.minimum(low, mean[listed]), np.maximum(high, mean[listed])

    ends = total_interval(mean[listed], low, high, spread=spread)
    held = 0
    for _ in range(TRIES):
        level = rng.lognormal(-(spread**2) / 2, spread)
        total = level * buyers(rng, chance[listed], mean[listed]).sum()
        held += ends[0] <= total <= ends[1]

    assert COVERAGE - 0.05 <= held / TRIES <= COVERAGE + 0.07


@pytest.mark.parametrize("chances", [(0.02, 0.09), (0.08, 0.2), (0.02, 1.0)])
def test_it_holds_that_of_rare_buyers_where_it_knows_their_chances(
    chances: tuple[float, float],
) -> None:
    rng = np.random.default_rng(4)
    chance = rng.uniform(*chances, size=4000)
    mean = 200.0 * chance * rng.lognormal(0.0, 0.4, size=len(chance))
    low, high = ValueIntervals().fit(mean, buyers(rng, chance, mean)).predict(mean)
    for listed in np.array_split(np.argsort(mean), 10)[::3]:
        ends = total_interval(
            mean[listed],
            low[listed],
            np.maximum(high, mean)[listed],
            spread=0.0,
            churn_probability=1.0 - chance[listed],
        )
        totals = (buyers(rng, chance[listed], mean[listed]).sum() for _ in range(TRIES))
        held = np.mean([ends[0] <= total <= ends[1] for total in totals])
        assert COVERAGE - 0.06 <= held <= 0.98


def test_misses_of_customers_cancel_and_that_of_the_level_does_not() -> None:
    def width(n: int, spread: float) -> float:
        ends = total_interval([50.0] * n, [10.0] * n, [120.0] * n, spread=spread)
        return (ends[1] - ends[0]) / (50.0 * n)

    assert width(400, 0.0) == pytest.approx(width(100, 0.0) / 2, rel=0.02)
    assert width(10_000, 0.2) == pytest.approx(width(1_000_000, 0.2), rel=0.02)
    assert width(400, 0.1) > width(400, 0.0)


def test_the_expected_total_lies_between_the_ends() -> None:
    expected, high = np.array([1.0, 0.0, 900.0]), np.array([1.0, 0.0, 2000.0])
    low, top = total_interval(expected, np.zeros(3), high, spread=0.1)
    assert 0.0 < low < expected.sum() < top


def test_who_is_expected_to_spend_nothing_adds_nothing() -> None:
    one = total_interval([70.0], [20.0], [160.0], spread=0.1)
    assert total_interval([70.0, 0.0], [20.0, 0.0], [160.0, 0.0], spread=0.1) == one


def test_an_empty_list_is_worth_nothing() -> None:
    assert total_interval([], [], [], spread=0.3) == (0.0, 0.0)
