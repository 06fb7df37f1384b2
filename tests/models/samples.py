"""Customers made by hand for the tests of the models, and what estimators promise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from sklearn.base import clone

from models.purchases.btyd import BuyingModel

Floats = npt.NDArray[np.float64]


def histories(n: int, *, seed: int = 0) -> pd.DataFrame:
    """Return what buying histories are told by, of customers at random."""
    rng = np.random.default_rng(seed)
    T = rng.uniform(30.0, 400.0, n)
    frequency = rng.poisson(rng.gamma(0.7, 3.0, n)).astype(float)
    recency = np.where(frequency > 0, T * rng.beta(2.0, 1.0, n), 0.0)
    days = frequency + 1.0
    spend = rng.lognormal(3.0, 0.6, n) * days
    table = {"frequency": frequency, "recency": recency, "T": T}
    return pd.DataFrame(table | {"gross_spend": spend, "n_purchase_days": days})


def design_of(n: int, *, seed: int = 0) -> tuple[pd.DataFrame, Floats, Floats]:
    """Return columns for the models, who churned, and what each spent."""
    rng = np.random.default_rng([seed, 1])
    X = histories(n, seed=seed)
    X["mood"] = np.where(rng.uniform(size=n) < 0.3, np.nan, rng.normal(size=n))
    X["noise"] = rng.normal(size=n)
    X["always"] = 1.0
    X = pd.concat([X, BuyingModel().fit(X).predict(X, days=60.0)], axis=1)
    odds = 1.5 - 1.2 * X["frequency"] - 1.5 * X["mood"].fillna(0.0)
    churned = (rng.uniform(size=n) < expit(odds.to_numpy())).astype(float)
    mean = X["btyd_mean_spend"].to_numpy()
    return X, churned, (1.0 - churned) * mean * rng.lognormal(0.0, 0.5, n)


def check_estimator_rules(model: Any, fit: Callable[[Any], object]) -> None:
    """Hold an estimator to scikit-learn's conventions, which the house follows."""
    before = model.get_params()
    copy = clone(model)
    assert copy.get_params() == before
    assert vars(copy).keys() == before.keys()
    fitted = fit(model)
    assert model.get_params() == before
    learned = vars(model).keys() - before.keys()
    assert learned
    assert all(name.endswith("_") and not name.startswith("_") for name in learned)
    assert fitted is model
