"""Tests of the gate: what is no better than a simple method is not served."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from models.purchases.simple import METHODS, SimpleScore
from tests.conftest import AS_OF
from tests.training.fitted import fit_of
from training.fit.pair import Core
from training.fit.purchases import Fitted, _basis
from training.judge.baselines import BASELINES
from training.judge.gate import Gate
from training.judge.holdout import Holdout
from training.kinds.purchases import PurchaseLearner
from training.origin import MODEL
from training.snapshots import build_snapshots

if TYPE_CHECKING:
    from features.door.log_files import Log
    from training.train import TrainedModel, TrainOptions

Judge = Callable[[Fitted, Gate], Holdout]


@pytest.fixture(scope="module")
def fitted(trained_model: TrainedModel) -> Fitted:
    """Return the fit of the trained version."""
    return fit_of(trained_model)


@pytest.fixture(scope="module")
def labels(fitted: Fitted, buyers_log: Log) -> pd.DataFrame:
    """Return what came after it."""
    target = fitted.schedule.target
    built = build_snapshots(
        buyers_log, fitted.model.plan, as_of=target.as_of, origins=[target]
    )
    return built.labels[target]


@pytest.fixture(scope="module")
def judge(buyers_log: Log, options: TrainOptions) -> Judge:
    """Judge a fit on what came after it."""

    def judge_by(fitted: Fitted, gate: Gate) -> Holdout:
        strict = replace(options, gate=gate)
        learner = PurchaseLearner(buyers_log, as_of=AS_OF, options=strict)
        return learner.judge(fitted, fitted.schedule.target)

    return judge_by


@pytest.fixture(scope="module")
def honest(fitted: Fitted, judge: Judge) -> Holdout:
    """Judge the model as it is."""
    return judge(fitted, Gate())


def made_bad(fitted: Fitted, target: str) -> Fitted:
    """Turn a model's order upside down: it says the least of whom it should say most.

    Parameters
    ----------
    target : str
        ``churn`` or ``value``.
    """
    name = f"{target}_calibration"
    sound = getattr(fitted.model, name)
    worse = {name: replace(sound, slope=-sound.slope)}
    return replace(fitted, model=replace(fitted.model, **worse))


@pytest.mark.parametrize("target", ["churn", "value"])
def test_a_model_made_bad_on_purpose_does_not_pass(
    fitted: Fitted, judge: Judge, honest: Holdout, target: str
) -> None:
    bad = judge(made_bad(fitted, target), Gate())
    other = {"churn": "value", "value": "churn"}[target]
    assert target not in bad.passed
    assert (other in bad.passed) == (other in honest.passed)
    assert bad.grade in ("C", "D")
    best, figure = bad.best_baseline(target)
    assert best in BASELINES
    metric = {"churn": "auc", "value": "gini"}[target]
    assert getattr(bad, target)["model"][metric] < figure
    assert bad.served[target] in METHODS
    served = bad.served_ranking[f"{target}_served_{metric}"]
    for name in ("recency", "rfm"):
        assert served >= getattr(bad, target)[name][metric], "the best stands in"


def test_the_gate_asks_for_the_gain_that_is_set(
    fitted: Fitted, judge: Judge, honest: Holdout
) -> None:
    model, (_, best) = honest.churn["model"]["auc"], honest.best_baseline("churn")
    gain = model - best
    assert gain > 0
    for asked, passes in ((gain / 2, True), (gain * 2, False)):
        found = judge(fitted, Gate(min_auc_gain=asked))
        assert ("churn" in found.passed) == passes


def test_a_grade_of_a_is_kept_for_figures_that_hold(
    fitted: Fitted, judge: Judge, honest: Holdout
) -> None:
    easy = Gate(clear_gain=0.0, max_ece=1.0, max_total_error=1.0)
    assert judge(fitted, easy).grade == "A"
    for strict in (
        replace(easy, clear_gain=1.0),
        replace(easy, max_ece=0.0),
        replace(easy, max_total_error=0.0),
    ):
        assert judge(fitted, strict).grade == "B"


def test_the_grade_is_told_in_words_with_its_figures(honest: Holdout) -> None:
    words = honest.grade_in_words()
    name, auc = honest.best_baseline("churn")
    assert f"({name} {auc:.3f})" in words["en"]
    assert f"({name} {auc:.3f})" in words["zh"]


def test_every_customer_is_in_one_slice_of_each_kind(honest: Holdout) -> None:
    assert {"lifecycle_stage", "tenure"} <= set(honest.slices)
    for slices in honest.slices.values():
        assert sum(each["n_customers"] for each in slices.values()) == (
            honest.n_customers
        )


@pytest.mark.parametrize(
    ("served", "name", "reason"),
    [
        (("btyd", "btyd"), "btyd", "churn by BG/NBD and value by BG/NBD with Gamma-"),
        ((MODEL, "btyd"), "blend", "value by BG/NBD with Gamma-Gamma: "),
        (("btyd", MODEL), "blend", "churn by BG/NBD: "),
        (("rfm", "recency"), "rule", "churn by RFM score and value by past spend: "),
    ],
)
def test_a_simple_method_is_named_for_what_alone_it_is_served(
    fitted: Fitted, served: tuple[str, str], name: str, reason: str
) -> None:
    model = fitted.model
    X = model.design(fitted.features)
    churn, value = (
        sound if method == MODEL else SimpleScore(method=method, target=target).fit(X)
        for sound, method, target in zip(
            (model.churn, model.value), served, ("churn", "value"), strict=True
        )
    )
    core = Core(
        churn,
        value,
        model.churn_calibration,
        model.value_calibration,
        model.intervals,
    )
    basis = _basis(core)
    assert basis.name == name
    assert basis.reason.startswith(reason)


def test_it_tells_of_every_customer(
    fitted: Fitted, labels: pd.DataFrame, honest: Holdout
) -> None:
    forecast = fitted.model.predict(fitted.model.design(fitted.features))
    assert (honest.outcome.p == forecast.churn_probability).all()
    assert (honest.outcome.expected == forecast.expected_value).all()
    assert honest.n_customers == len(labels)
    assert honest.churn_rate == pytest.approx(labels["churned"].mean())
    assert honest.outcome.value.sum() == pytest.approx(labels["value"].sum())
    values = honest.to_dict()
    for table in (values["reliability"], values["value_deciles"]):
        assert sum(row["n"] for row in table) == honest.n_customers
    for measured in (honest.churn, honest.value):
        assert set(measured) == {"model", *BASELINES}


def test_the_bands_hold_about_nine_of_ten_customers(honest: Holdout) -> None:
    assert 0.8 <= honest.value["model"]["coverage"] <= 0.99


@pytest.mark.parametrize(
    ("gate", "passed", "grade"),
    [
        (Gate(min_auc_gain=1.0), ("value",), "C"),
        (Gate(min_gini_gain=2.0), ("churn",), "C"),
        (Gate(min_auc_gain=1.0, min_gini_gain=2.0), (), "D"),
    ],
    ids=["churn", "value", "both"],
)
def test_who_misses_the_gate_costs_the_grade(
    fitted: Fitted,
    judge: Judge,
    gate: Gate,
    passed: tuple[str, ...],
    grade: str,
) -> None:
    found = judge(fitted, gate)
    assert (found.passed, found.grade) == (passed, grade)


def test_a_draw_does_not_pass(fitted: Fitted, judge: Judge, honest: Holdout) -> None:
    gain = honest.churn["model"]["auc"] - honest.best_baseline("churn")[1]
    assert "churn" not in judge(fitted, Gate(min_auc_gain=gain)).passed


def test_each_grade_has_words_of_its_own(honest: Holdout) -> None:
    words = [replace(honest, grade=grade).grade_in_words() for grade in "ABCD"]
    assert all(set(each) == {"en", "zh"} for each in words)
    assert len({each["en"] for each in words}) == 4
    assert len({each["zh"] for each in words}) == 4


def test_it_is_plain_json(honest: Holdout) -> None:
    values = honest.to_dict()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
