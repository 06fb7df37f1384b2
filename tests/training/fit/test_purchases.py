"""A fit: what stands in for what failed, what the level does, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from features.door.log_files import Log
from features.errors import DataError
from models.purchases.simple import WORDS
from tests.buyers import STARTS_AT, Rows, make_rows
from tests.conftest import AS_OF, HORIZON_DAYS
from tests.training.fitted import fit_of
from training.fit.pair import Recipe
from training.fit.purchases import Fitted, fit_customer_model, fit_snapshots
from training.judge.baselines import rfm_score
from training.kinds.purchases import PurchaseLearner
from training.origin import MODEL
from training.snapshots import Snapshots, build_snapshots
from training.train import TrainedModel, TrainOptions

BRIEF = {"num_iterations": 3}


def refit(
    fitted: Fitted,
    *,
    churn: str = MODEL,
    value: str = MODEL,
    snapshots: Snapshots | None = None,
) -> Fitted:
    """Fit again on the same snapshots, or on others."""
    return fit_snapshots(
        fitted.model.plan,
        fitted.schedule,
        snapshots or fitted.snapshots,
        recipe=Recipe(1, BRIEF, {"churn": churn, "value": value}),
    )


@pytest.fixture(scope="module")
def base(trained_model: TrainedModel) -> Fitted:
    """Return a fit where neither model passed."""
    return refit(fit_of(trained_model), churn="btyd", value="btyd")


def columns_of(fitted: Fitted) -> pd.DataFrame:
    """Return what the models see of the customers."""
    return fitted.model.design(fitted.features)


def test_churn_has_the_mean_that_the_level_foretells(
    trained_model: TrainedModel,
) -> None:
    fitted = fit_of(trained_model)
    X = columns_of(fitted)
    active = fitted.level.active_mean(X["btyd_p_active"].to_numpy())
    p = fitted.model.predict(X).churn_probability
    assert p.mean() == pytest.approx(1 - active, abs=1e-9)


def test_value_has_the_total_that_the_level_foretells(
    trained_model: TrainedModel,
) -> None:
    fitted = fit_of(trained_model)
    X = columns_of(fitted)
    total = X["btyd_expected_value"].sum() * fitted.level.value_factor
    assert fitted.model.predict(X).expected_value.sum() == pytest.approx(total)


def test_a_model_that_passed_says_what_it_is(trained_model: TrainedModel) -> None:
    basis = fit_of(trained_model).model.basis
    assert trained_model.holdout.passed == ("churn", "value")
    assert basis.name in ("model", "blend")
    assert "LightGBM" in basis.reason


def test_btyd_stands_in_for_what_failed(base: Fitted) -> None:
    X = columns_of(base)
    forecast = base.model.predict(X)
    assert base.model.basis.name == "btyd"
    assert "BG/NBD" in base.model.basis.reason
    ranks: tuple[tuple[npt.NDArray[np.float64], str], ...] = (
        (-forecast.churn_probability, "btyd_p_active"),
        (forecast.expected_value, "btyd_expected_value"),
    )
    for found, column in ranks:
        order = np.argsort(X[column].to_numpy(), kind="stable")
        assert (np.diff(found[order]) >= 0).all()


def test_btyd_that_stands_in_is_put_at_the_level_too(base: Fitted) -> None:
    X = columns_of(base)
    forecast = base.model.predict(X)
    active = base.level.active_mean(X["btyd_p_active"].to_numpy())
    assert forecast.churn_probability.mean() == pytest.approx(1 - active, abs=1e-9)
    foretold = X["btyd_expected_value"].to_numpy() * base.level.value_factor
    some = foretold > 0.01 * foretold.mean()
    np.testing.assert_allclose(forecast.expected_value[some], foretold[some], rtol=0.01)


def test_what_btyd_says_is_explained_by_btyd(base: Fitted) -> None:
    X = columns_of(base)
    for explained, column in (
        (base.model.explain_churn(X), "btyd_p_active"),
        (base.model.explain_value(X), "btyd_expected_value"),
    ):
        assert explained.columns == (column,)
        assert np.abs(explained.parts).max() > 0


@pytest.mark.parametrize(
    ("churn", "value", "basis"),
    [
        ("rfm", "rfm", "rule"),
        ("recency", "recency", "rule"),
        ("recency", "btyd", "rule"),
        ("rfm", MODEL, "blend"),
    ],
)
def test_a_simple_method_is_served_as_it_ranks(
    trained_model: TrainedModel, churn: str, value: str, basis: str
) -> None:
    fitted = refit(fit_of(trained_model), churn=churn, value=value)
    X, model = columns_of(fitted), fitted.model
    forecast = model.predict(X)
    assert model.basis.name == basis
    assert WORDS["churn"][churn] in model.basis.reason
    ranks = {
        "recency": X["days_since_last_order"].to_numpy(),
        "rfm": -rfm_score(X),
    }
    order = np.argsort(ranks[churn], kind="stable")
    assert (np.diff(forecast.churn_probability[order]) >= -1e-12).all()
    active = fitted.level.active_mean(X["btyd_p_active"].to_numpy())
    assert forecast.churn_probability.mean() == pytest.approx(1 - active, abs=1e-9)
    for explained, figure in (
        (model.explain_churn(X), forecast.churn_probability),
        (model.explain_value(X), forecast.expected_value),
    ):
        total = explained.base + explained.parts.sum(axis=1)
        np.testing.assert_allclose(total, figure, rtol=1e-9)


@pytest.mark.parametrize("served", ["churn", "value"])
def test_one_may_fail_without_the_other(
    trained_model: TrainedModel, base: Fitted, served: str
) -> None:
    churn, value = (MODEL, "btyd") if served == "churn" else ("btyd", MODEL)
    fitted = refit(fit_of(trained_model), churn=churn, value=value)
    X = columns_of(fitted)
    forecast, of_base = (each.model.predict(X) for each in (fitted, base))
    same = {
        "churn": (forecast.churn_probability == of_base.churn_probability).all(),
        "value": (forecast.expected_value == of_base.expected_value).all(),
    }
    assert not same[served]
    assert same["value" if served == "churn" else "churn"]


def shuffled(snapshots: Snapshots) -> Snapshots:
    """Give each customer the outcome of another."""
    rng = np.random.default_rng(0)
    labels = {
        origin: pd.DataFrame(
            found.to_numpy()[rng.permutation(len(found))],
            index=found.index,
            columns=found.columns,
        )
        for origin, found in snapshots.labels.items()
    }
    return replace(snapshots, labels=labels)


def test_a_model_that_learnt_nonsense_does_not_pass(
    trained_model: TrainedModel, buyers_log: Log, options: TrainOptions
) -> None:
    good = fit_of(trained_model)
    bad = refit(good, snapshots=shuffled(good.snapshots))
    learner = PurchaseLearner(buyers_log, as_of=AS_OF, options=options)
    verdict = learner.judge(bad, good.schedule.target)
    assert verdict.passed == ()
    assert verdict.grade == "D"
    assert verdict.churn["model"]["auc"] < verdict.churn["bgnbd"]["auc"]


def test_nobody_or_everybody_coming_back_can_be_fitted(
    trained_model: TrainedModel,
) -> None:
    snapshots = fit_of(trained_model).snapshots
    for churned, spend in ((1.0, 0.0), (0.0, 30.0)):
        labels = {
            origin: found.assign(churned=churned, value=spend, n_orders=1.0 - churned)
            for origin, found in snapshots.labels.items()
        }
        fitted = refit(
            fit_of(trained_model), snapshots=replace(snapshots, labels=labels)
        )
        forecast = fitted.model.predict(columns_of(fitted))
        assert np.isfinite(forecast.churn_probability).all()
        assert np.isfinite(forecast.expected_value).all()
        assert (forecast.value_low <= forecast.value_high).all()


def test_rows_not_yet_known_change_no_forecast() -> None:
    """They happened before the fit, in label windows too, and became known after it."""
    rng = np.random.default_rng(0)
    late = make_rows(n_customers=150)
    known = [
        {**row, "known_at": row["occurred_at"] + timedelta(days=float(wait))}
        for row, wait in zip(
            late.transactions,
            rng.choice([0.5, 50.0], len(late.transactions), p=[0.9, 0.1]),
            strict=True,
        )
    ]
    seen = [row for row in known if row["known_at"] < AS_OF]
    hidden = [row for row in known if row["occurred_at"] < AS_OF <= row["known_at"]]
    assert hidden
    forecasts = []
    for transactions in (known, seen):
        with Rows(tuple(transactions), late.interactions).open() as log:
            fitted = fit_customer_model(
                log,
                as_of=AS_OF,
                horizon_days=HORIZON_DAYS,
                recipe=Recipe(1, BRIEF),
                progress=lambda step: None,
            )
        forecasts.append(fitted.model.predict(columns_of(fitted)))
    for name in forecasts[0].__slots__:
        first, second = (getattr(forecast, name) for forecast in forecasts)
        np.testing.assert_array_equal(first, second)


def test_a_history_that_is_too_short_is_refused(buyers_log: Log) -> None:
    with pytest.raises(DataError, match=r"There are 5 days of history .* least 60"):
        fit_customer_model(
            buyers_log,
            as_of=buyers_log.starts_at + timedelta(days=5),
            horizon_days=HORIZON_DAYS,
            recipe=Recipe(1),
            progress=lambda step: None,
        )


def test_features_are_those_at_the_instant_of_the_fit(
    trained_model: TrainedModel, buyers_log: Log
) -> None:
    fitted = fit_of(trained_model)
    assert fitted.schedule.target.as_of == AS_OF
    built = build_snapshots(buyers_log, fitted.model.plan, as_of=AS_OF, origins=[])
    pd.testing.assert_frame_equal(fitted.features, built.features[AS_OF])
    assert (fitted.features["T"] <= (AS_OF - STARTS_AT).days).all()


def test_each_snapshot_gives_its_customers_to_the_training_rows(
    trained_model: TrainedModel,
) -> None:
    fitted = fit_of(trained_model)
    assert fitted.rows == sum(
        len(fitted.snapshots.labels[origin]) for origin in fitted.schedule.snapshots
    )
