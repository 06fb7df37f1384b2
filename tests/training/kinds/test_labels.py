"""A model of labels: judged where it had not been, explained, and served alike."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from features.door.log import Log
from features.errors import ConfigError, DataError
from models.bundle.bundle import Bundle, load_bundle
from models.recurring.model import LabelModel
from models.reports.report import Report
from models.score.schema import BASE, OTHER, SCORE_SCHEMA
from serving.predict.customer_events import CustomerEvents
from serving.predict.events import score_again, score_events
from serving.runs.reports import write_reports
from serving.runs.score import score_log
from tests.telco import open_telco
from training.fit.labels import hold_out, prepare_label_trials
from training.kinds import find_learner
from training.kinds.labels import LabelLearner
from training.train import TrainedModel, TrainOptions, train
from training.tuning import Budget, tune

OPTIONS = TrainOptions(horizon=timedelta(days=90), seed=1, kind="labels")


@pytest.fixture(scope="module")
def log() -> Iterator[Log]:
    """Open a log with a column that knows the answer."""
    with open_telco(700) as plain:
        churned = [
            float(row[0] == "Yes")
            for row in plain.con.execute(
                'select "Churn" from customers order by rowid'
            ).fetchall()
        ]
    rng = np.random.default_rng(0)
    refund = np.array(churned) * 10 + rng.normal(0, 1, len(churned))
    with open_telco(700, more={"Final Refund": refund.round(3)}) as opened:
        yield opened


@pytest.fixture(scope="module")
def version(log: Log, tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    """Train once."""
    folder = tmp_path_factory.mktemp("telco") / "bundle"
    return train(log, as_of=log.ends_at, folder=folder, options=OPTIONS)


@pytest.fixture(scope="module")
def bundle(version: TrainedModel) -> Bundle:
    """Read the bundle."""
    return load_bundle(version.folder, version="7", sha256=version.sha256)


def test_what_knows_the_answer_is_left_out_and_named(version: TrainedModel) -> None:
    assert "Final Refund" not in version.card["attributes"]["used"]
    assert "Final Refund is left out" in version.card["warnings"][0]
    assert set(version.card["attributes"]["used"]).isdisjoint(
        {"Churn", "gender", "SeniorCitizen", "Partner"}
    )


def test_the_card_judges_on_customers_held_out_and_by_group(
    version: TrainedModel,
) -> None:
    card, holdout = version.card, version.card["holdout"]
    assert set(holdout["churn"]) == {"model", "base_rate", "best_attribute", "logistic"}
    assert holdout["n_customers"] == pytest.approx(0.25 * 700, abs=1)
    assert holdout["churn"]["model"]["auc"] > holdout["churn"]["best_attribute"]["auc"]
    assert card["cross_validation"]["churn"]["ece"] < 0.05
    assert set(card["groups"]) == {"gender", "SeniorCitizen", "Partner"}
    women = card["groups"]["gender"]["Female"]
    assert women["n_customers"] + card["groups"]["gender"]["Male"]["n_customers"] == 700
    assert 0 <= women["selection_rate"] <= 1


def test_reasons_add_up_and_name_the_category(bundle: Bundle, log: Log) -> None:
    run = score_log(bundle, log, as_of=log.ends_at)
    assert run.table.schema == SCORE_SCHEMA
    rows = run.table.to_pylist()
    assert len(rows) == 700
    for row in rows[:50]:
        for figure, reasons in (
            ("churn_probability", "churn_reasons"),
            ("expected_value", "value_reasons"),
        ):
            total = sum(each["contribution"] for each in row[reasons])
            assert total == pytest.approx(row[figure], abs=1e-8)
        assert row["value_low"] <= row["expected_value"] <= row["value_high"]
    told = [
        e for row in rows for e in row["churn_reasons"] if e["feature"] == "Contract"
    ]
    assert all(each["value"] is None and each["usual"] is None for each in told)
    assert {each["en"].split(";")[0].split(",")[0] for each in told} <= {
        "Contract is Month-to-month",
        "Contract is One year",
        "Contract is Two year",
    }
    names = {each["feature"] for row in rows for each in row["churn_reasons"]}
    assert {OTHER, BASE} < names


def test_own_attributes_give_the_row_of_the_run(bundle: Bundle, log: Log) -> None:
    run = score_log(bundle, log, as_of=log.ends_at)
    row = log.con.execute("select * from customers where customer_id = '0004-TELCO'")
    names = [column[0] for column in row.description or ()]
    values = dict(zip(names, row.fetchall()[0], strict=True))
    own = {n: v for n, v in values.items() if n not in ("customer_id", "joined_at")}
    sent = CustomerEvents("0004-TELCO", attributes=own)
    (fresh,) = score_events(bundle, [sent], context=run.context).to_pylist()
    (again,) = score_again(bundle, log, "0004-TELCO", context=run.context).to_pylist()
    served = next(r for r in run.table.to_pylist() if r["customer_id"] == "0004-TELCO")
    assert fresh == again == {**served, "priority": None}


def test_the_parts_of_the_blend_add_up(bundle: Bundle, version: TrainedModel) -> None:
    model = bundle.model
    assert isinstance(model, LabelModel)
    X = model.design(version.fitted.features.head(20))
    parts, base = model.churn.contributions(X)
    np.testing.assert_allclose(
        base + parts.sum(axis=1), model.churn.decision_function(X), atol=1e-9
    )
    p = model.predict(X).churn_probability
    assert ((0 < p) & (p < 1)).all()
    assert expit(base) < 0.9


def test_too_few_labels_are_refused(tmp_path: Path) -> None:
    with (
        open_telco(60) as few,
        pytest.raises(DataError, match="60 customers have a label"),
    ):
        train(few, as_of=few.ends_at, folder=tmp_path / "b", options=OPTIONS)


def test_reports_say_what_customers_pay(bundle: Bundle, log: Log) -> None:
    run = score_log(bundle, log, as_of=log.ends_at)
    reports = write_reports(run, log, None)
    row = log.con.execute("select sum(MonthlyCharges) from customers").fetchall()[0]
    tiers = Report.from_dict(json.loads(reports["tiers"])).to_answer()["tables"][0]
    paid = sum(each["net_revenue"] for each in tiers["rows"])
    assert paid == pytest.approx(12 * row[0])
    assert not json.loads(reports["abc"])["needs"]


@pytest.mark.parametrize("act", ["audit", "backtest"])
def test_what_needs_dates_is_refused_with_the_reason(act: str) -> None:
    with pytest.raises(ConfigError, match="have no dates") as refused:
        find_learner("labels", act=act)
    assert f"`regulars {act}`" in refused.value.problem


def test_parameters_are_searched_without_the_customers_held_out(
    log: Log, tmp_path: Path
) -> None:
    learner = LabelLearner(log, as_of=log.ends_at, options=OPTIONS)
    trials = prepare_label_trials(
        learner.labelled, ~hold_out(learner.labelled, seed=1), seed=1
    )
    assert len(trials.churned) == pytest.approx(0.75 * 700, abs=1)
    tuning = tune(
        log,
        as_of=log.ends_at,
        options=OPTIONS,
        budget=Budget(timedelta(minutes=5), trials=1),
        storage=f"sqlite:///{tmp_path / 'tuning.db'}",
    )
    assert tuning.n_trials == 2
    assert tuning.default_value == trials.judge(None, seed=1)
