"""What is foretold of customers, and that its reasons add up to it."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from models.bundle.bundle import Bundle
from models.purchases import model as customer_model
from models.purchases.btyd import COLUMNS
from models.purchases.clusters import usual_of_clusters
from models.purchases.intervals import ValueIntervals
from models.purchases.model import CustomerModel
from models.score.forecast import Forecast
from training.train import TrainedModel

Floats = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def model(bundle: Bundle) -> CustomerModel:
    """Return the model of the trained version."""
    assert isinstance(bundle.model, CustomerModel)
    return bundle.model


@pytest.fixture(scope="module")
def X(model: CustomerModel, trained_model: TrainedModel) -> pd.DataFrame:
    """Return what the models see of the customers."""
    return model.design(trained_model.fitted.features)


@pytest.fixture(scope="module")
def forecast(model: CustomerModel, X: pd.DataFrame) -> Forecast:
    """Foretell once."""
    return model.predict(X)


def test_the_design_is_features_and_btyd(
    model: CustomerModel, X: pd.DataFrame, trained_model: TrainedModel
) -> None:
    assert list(X.columns) == [*model.plan.names, *COLUMNS]
    assert X.index.equals(trained_model.fitted.features.index)


def test_the_design_leaves_out_what_is_not_planned(
    model: CustomerModel, X: pd.DataFrame, trained_model: TrainedModel
) -> None:
    more = trained_model.fitted.features.assign(more=1.0)
    pd.testing.assert_frame_equal(model.design(more), X)


def test_many_customers_are_shared_out_to_the_cores_and_foretold_the_same(
    model: CustomerModel, X: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = pd.concat([X] * (1 + 15_000 // len(X)))
    monkeypatch.setattr(customer_model, "cores", lambda: 1)
    alone = model.predict(many)
    monkeypatch.setattr(customer_model, "cores", lambda: 3)
    shared = model.predict(many)
    for field in fields(Forecast):
        found, expected = (getattr(each, field.name) for each in (shared, alone))
        assert found.tobytes() == expected.tobytes()


def test_a_missing_feature_is_named(
    model: CustomerModel, trained_model: TrainedModel
) -> None:
    features = trained_model.fitted.features.drop(columns="recency")
    with pytest.raises(KeyError, match="recency"):
        model.design(features)


def test_probabilities_and_amounts_are_in_bounds(forecast: Forecast) -> None:
    p = forecast.churn_probability
    assert (p > 0).all()
    assert (p < 1).all()
    assert (forecast.expected_value > 0).all()
    assert (forecast.value_low >= 0).all()
    assert (forecast.value_low <= forecast.expected_value).all()
    assert (forecast.expected_value <= forecast.value_high).all()
    assert np.isfinite(forecast.value_high).all()


def test_a_band_that_lies_beside_the_expected_value_is_widened_to_it(
    model: CustomerModel, X: pd.DataFrame
) -> None:
    expected = model.predict(X).expected_value
    above = ValueIntervals().fit(expected, 3 * expected)
    forecast = replace(model, intervals=above).predict(X)
    assert (forecast.value_low == expected).all()
    below = ValueIntervals().fit(expected, expected / 3)
    forecast = replace(model, intervals=below).predict(X)
    assert (forecast.value_high == expected).all()


def test_churn_reasons_make_the_churn_probability(
    model: CustomerModel, X: pd.DataFrame, forecast: Forecast
) -> None:
    explained = model.explain_churn(X)
    total = explained.parts.sum(axis=1) + explained.base
    np.testing.assert_allclose(total, forecast.churn_probability, rtol=0, atol=1e-9)


def test_value_reasons_make_the_expected_value(
    model: CustomerModel, X: pd.DataFrame, forecast: Forecast
) -> None:
    explained = model.explain_value(X)
    total = explained.parts.sum(axis=1) + explained.base
    np.testing.assert_allclose(total, forecast.expected_value, rtol=1e-9)


def test_reasons_keep_the_sign_that_they_have_on_the_scale_of_the_model(
    model: CustomerModel, X: pd.DataFrame
) -> None:
    for explained, fitted in (
        (model.explain_churn(X), model.churn),
        (model.explain_value(X), model.value),
    ):
        parts, _ = fitted.contributions(X)
        assert (parts * explained.parts >= 0).all()
        assert explained.parts.shape == (len(X), len(explained.columns))


def test_orders_are_expected_as_often_as_anybody_orders(forecast: Forecast) -> None:
    stays = 1 - forecast.churn_probability
    assert (forecast.expected_orders >= stays - 1e-12).all()
    assert np.isfinite(forecast.expected_orders).all()


def test_the_next_order_is_told_where_one_is_likelier_than_none(
    model: CustomerModel, forecast: Forecast
) -> None:
    days, p = forecast.days_to_next_order, forecast.churn_probability
    assert (np.isnan(days) == (p > 0.5)).all()
    known = days[~np.isnan(days)]
    assert (known > 0).all()
    assert (known <= model.horizon_days).all()


def test_clusters_are_those_that_have_a_name(
    model: CustomerModel, forecast: Forecast
) -> None:
    assert set(forecast.cluster.tolist()) <= set(model.clusters.names_)


def test_a_row_is_foretold_alone_as_it_is_among_others(
    model: CustomerModel, X: pd.DataFrame, forecast: Forecast
) -> None:
    for row in range(0, len(X), 40):
        alone = model.predict(X.iloc[[row]])
        for name in forecast.__slots__:
            np.testing.assert_allclose(
                getattr(alone, name)[0], getattr(forecast, name)[row], rtol=1e-12
            )


def test_a_customer_of_whom_nothing_is_known_but_one_order_is_foretold(
    model: CustomerModel, X: pd.DataFrame
) -> None:
    """All-NaN features beside what every customer has."""
    always = ["frequency", "recency", "T", "gross_spend", "n_purchase_days", *COLUMNS]
    bare = X.head(1).assign(**dict.fromkeys(X.columns.difference(always), np.nan))
    forecast = model.predict(bare)
    assert 0 < forecast.churn_probability[0] < 1
    assert forecast.expected_value[0] > 0


def test_what_is_restored_foretells_the_same(
    model: CustomerModel, X: pd.DataFrame, forecast: Forecast
) -> None:
    values = json.loads(json.dumps(model.to_dict(), allow_nan=False))
    assert "sql" not in values["plan"]
    boosters = {"churn": model.churn.booster_, "value": model.value.booster_}
    restored = CustomerModel.from_dict(
        values, sql=model.plan.sql, boosters=boosters, usual=model.usual
    )
    again = restored.predict(X)
    for name in forecast.__slots__:
        np.testing.assert_array_equal(getattr(again, name), getattr(forecast, name))


def test_what_is_usual_is_the_median_of_a_cluster() -> None:
    table = pd.DataFrame({"a": [1.0, 2.0, 9.0, 4.0], "b": [np.nan, np.nan, 1.0, 3.0]})
    usual = usual_of_clusters(table, [7, 7, 7, 2])
    assert usual.to_dict() == {"a": {2: 4.0, 7: 2.0}, "b": {2: 3.0, 7: 1.0}}
