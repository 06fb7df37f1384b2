"""Draws of spend: their mean is what BG/NBD with Gamma-Gamma expects."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from models.purchases.btyd import BuyingModel
from models.purchases.draws import draw_value

N = 60_000


@pytest.fixture(scope="module")
def buying() -> BuyingModel:
    """Fit on customers of all sorts."""
    rng = np.random.default_rng(0)
    frequency = rng.geometric(0.3, 2_000) - 1.0
    age = rng.uniform(100, 400, 2_000)
    recency = np.where(frequency > 0, age * rng.beta(3, 1, 2_000), 0.0)
    spend = rng.gamma(4.0, 10.0, 2_000)
    return BuyingModel().fit(histories(frequency, recency, age, spend))


def histories(
    frequency: npt.ArrayLike,
    recency: npt.ArrayLike,
    age: npt.ArrayLike,
    spend: npt.ArrayLike,
) -> pd.DataFrame:
    """Return the features that are read; ``spend`` is the mean of a purchase day."""
    columns = {"frequency": frequency, "recency": recency, "T": age}
    table = pd.DataFrame({name: np.asarray(each) for name, each in columns.items()})
    days = table["frequency"].to_numpy(dtype=np.float64) + 1.0
    spent = days * np.asarray(spend, dtype=np.float64)
    return table.assign(n_purchase_days=days, gross_spend=spent)


@pytest.mark.parametrize(
    ("frequency", "recency", "age"), [(0, 0, 200), (2, 150, 200), (9, 195, 200)]
)
def test_draws_have_the_mean_and_the_chance_that_are_foretold(
    buying: BuyingModel, frequency: float, recency: float, age: float
) -> None:
    one = histories([frequency], [recency], [age], [30.0])
    foretold = buying.predict(one, days=90).iloc[0]
    many = pd.concat([one.astype(float)] * N, ignore_index=True)
    drawn = draw_value(buying, many, days=90, seed=1)
    assert (drawn > 0).mean() == pytest.approx(foretold["btyd_p_active"], abs=0.01)
    assert drawn.mean() == pytest.approx(foretold["btyd_expected_value"], rel=0.05)


def test_the_same_seed_draws_the_same(buying: BuyingModel) -> None:
    X = histories([0.0, 3.0], [0.0, 90.0], [100.0, 100.0], [10.0, 0.0])
    first, second = (draw_value(buying, X, days=30, seed=5) for _ in range(2))
    assert (first == second).all()
    assert np.isfinite(first).all()


def test_a_customer_who_orders_without_end_is_cut_short(buying: BuyingModel) -> None:
    X = histories([1e6], [99.9], [100.0], [1.0])
    drawn = draw_value(buying, X, days=100, seed=0)
    assert np.isfinite(drawn).all()
