"""The columns of BTYD: their bounds, how they hang together, and their round trip."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from models.purchases.bgnbd import BGNBD
from models.purchases.btyd import COLUMNS, HISTORY, NEEDED, PENALTY, BuyingModel
from tests.models.samples import check_estimator_rules, histories


@pytest.fixture(scope="module")
def X() -> pd.DataFrame:
    """Return some customers, and one who bought once."""
    return histories(300).rename(index=lambda row: f"c{row}")


@pytest.fixture(scope="module")
def model(X: pd.DataFrame) -> BuyingModel:
    """Fit once."""
    return BuyingModel().fit(X)


def test_each_customer_keeps_its_name_and_gets_every_column(
    X: pd.DataFrame, model: BuyingModel
) -> None:
    foretold = model.predict(X, days=90.0)
    assert list(foretold.columns) == list(COLUMNS)
    assert foretold.index.equals(X.index)
    assert np.isfinite(foretold.to_numpy()).all()


def test_only_the_needed_columns_are_read(X: pd.DataFrame, model: BuyingModel) -> None:
    bare = X[list(NEEDED)]
    again = BuyingModel().fit(bare).predict(bare, days=90.0)
    pd.testing.assert_frame_equal(again, model.predict(X.assign(odd=1.0), days=90.0))


def test_who_is_active_is_alive(X: pd.DataFrame, model: BuyingModel) -> None:
    foretold = model.predict(X, days=90.0)
    assert (foretold["btyd_p_active"] >= 0).all()
    assert (foretold["btyd_p_active"] <= foretold["btyd_p_alive"]).all()
    assert (foretold["btyd_p_alive"] <= 1).all()
    assert (foretold["btyd_p_active"] <= foretold["btyd_expected_orders"]).all()


def test_value_is_orders_times_spend(X: pd.DataFrame, model: BuyingModel) -> None:
    foretold = model.predict(X, days=90.0)
    product = foretold["btyd_expected_orders"] * foretold["btyd_mean_spend"]
    pd.testing.assert_series_equal(
        foretold["btyd_expected_value"], product, check_names=False
    )


def test_more_days_bring_more(X: pd.DataFrame, model: BuyingModel) -> None:
    short, long = (model.predict(X, days=days) for days in (30.0, 90.0))
    grown = ["btyd_p_active", "btyd_expected_orders", "btyd_expected_value"]
    assert (long[grown] > short[grown]).all(axis=None)
    same = ["btyd_p_alive", "btyd_mean_spend", "btyd_order_rate"]
    pd.testing.assert_frame_equal(long[same], short[same])


@pytest.mark.parametrize(("dropout_at_zero", "certain"), [(True, False), (False, True)])
def test_a_one_time_buyer_may_be_gone_where_the_model_says_so(
    X: pd.DataFrame, dropout_at_zero: bool, certain: bool
) -> None:
    model = BuyingModel(dropout_at_zero=dropout_at_zero).fit(X)
    once = X[X["frequency"] == 0]
    alive = model.predict(once, days=90.0)["btyd_p_alive"]
    assert len(once)
    assert ((alive == 1.0) == certain).all()


def test_orders_are_those_of_bgnbd(X: pd.DataFrame, model: BuyingModel) -> None:
    history = X[list(HISTORY)].to_numpy()
    alone = BGNBD(dropout_at_zero=True, penalty=PENALTY).fit(history)
    foretold = model.predict(X, days=90.0)["btyd_expected_orders"]
    np.testing.assert_allclose(foretold, alone.expected_orders(history, 90.0))


def test_mean_spend_lies_between_the_own_mean_and_that_of_all(
    X: pd.DataFrame, model: BuyingModel
) -> None:
    own = X["gross_spend"] / X["n_purchase_days"]
    middle = model.spend_.p_ * model.spend_.v_ / (model.spend_.q_ - 1.0)
    foretold = model.predict(X, days=90.0)["btyd_mean_spend"]
    assert (foretold >= np.minimum(own, middle) - 1e-9).all()
    assert (foretold <= np.maximum(own, middle) + 1e-9).all()


def test_what_is_restored_foretells_the_same_bits(
    X: pd.DataFrame, model: BuyingModel
) -> None:
    restored = BuyingModel.from_dict(json.loads(json.dumps(model.to_dict())))
    pd.testing.assert_frame_equal(
        restored.predict(X, days=90.0), model.predict(X, days=90.0), check_exact=True
    )


def test_it_follows_the_conventions(X: pd.DataFrame) -> None:
    check_estimator_rules(BuyingModel(dropout_at_zero=False), lambda m: m.fit(X))
