"""A model of contracts: judged on a later day, explained, and served alike."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from features.contracts.plan import ContractPlan
from features.door.log import Log
from features.door.log_files import log_from_rows
from features.errors import DataError
from models.bundle.bundle import Bundle, load_bundle
from models.score.schema import SCORE_SCHEMA
from serving.predict.customer_events import CustomerEvents
from serving.predict.events import score_again, score_events
from serving.runs.score import score_log
from tests.bench.contracts import START, make_contracts
from tests.features.contracts.test_plan import rows_of
from training.audit.audit import audit, rebuild
from training.backtest import backtest
from training.fit.contract_schedule import (
    choose_contract_origins,
    judged_days,
    plan_origins,
)
from training.judge.gate import Gate
from training.judge.holdout import Holdout
from training.judge.survival import chance, kaplan_meier
from training.kinds.contracts import ContractLearner
from training.train import TrainedModel, TrainOptions, train
from training.tuning import Budget, tune

AS_OF = START + timedelta(weeks=80)
OPTIONS = TrainOptions(horizon=timedelta(days=91), seed=1, kind="subscriptions")


@pytest.fixture(scope="module")
def log() -> Iterator[Log]:
    """Open a log of eighty weeks."""
    drawn = make_contracts(900, seed=5, n_weeks=80)
    with log_from_rows(
        subscriptions=rows_of(drawn.subscriptions),
        interactions=rows_of(drawn.interactions),
        now=AS_OF + timedelta(days=1),
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def version(log: Log, tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    """Train once."""
    folder = tmp_path_factory.mktemp("contracts") / "bundle"
    return train(log, as_of=AS_OF, folder=folder, options=OPTIONS)


@pytest.fixture(scope="module")
def bundle(version: TrainedModel) -> Bundle:
    """Read the bundle."""
    return load_bundle(version.folder, version="7", sha256=version.sha256)


def test_the_card_judges_on_a_later_day(version: TrainedModel) -> None:
    card, holdout = version.card, version.card["holdout"]
    assert card["kind"] == "subscriptions"
    assert holdout["as_of"] == (AS_OF - timedelta(days=91)).isoformat()
    assert set(holdout["churn"]) == {
        "model",
        "base_rate",
        "tenure",
        "kaplan_meier",
        "kaplan_meier_plan",
        "tenure_and_plan",
        "logistic",
    }
    assert holdout["churn"]["model"]["auc"] > holdout["churn"]["tenure"]["auc"]
    assert holdout["churn"]["model"]["ece"] < 0.12
    for each in card["snapshots"]:
        assert datetime.fromisoformat(each["as_of"]) <= AS_OF - timedelta(days=91)


def test_reasons_add_up_and_name_the_plan(bundle: Bundle, log: Log) -> None:
    run = score_log(bundle, log, as_of=AS_OF)
    assert run.table.schema == SCORE_SCHEMA
    rows = run.table.to_pylist()
    for row in rows[:40]:
        for figure, reasons in (
            ("churn_probability", "churn_reasons"),
            ("expected_value", "value_reasons"),
        ):
            total = sum(each["contribution"] for each in row[reasons])
            assert total == pytest.approx(row[figure], abs=1e-8)
        assert row["value_low"] <= row["expected_value"] <= row["value_high"]
    silent = [n for n in bundle.model.plan.names if not bundle.reasons.knows(n)]
    assert silent == ["plan"]
    told = {e["en"] for row in rows for e in row["churn_reasons"]}
    assert any(each.startswith("the contract's plan is ") for each in told)
    assert any(each.startswith(("contract since", "first contract")) for each in told)


def test_own_contracts_give_the_row_of_the_run(bundle: Bundle, log: Log) -> None:
    run = score_log(bundle, log, as_of=AS_OF)
    served = run.table.to_pylist()[3]
    who = served["customer_id"]
    sent = CustomerEvents(
        who,
        subscriptions=_own(log, "subscriptions", who),
        interactions=_own(log, "interactions", who),
    )
    (fresh,) = score_events(bundle, [sent], context=run.context).to_pylist()
    (again,) = score_again(bundle, log, who, context=run.context).to_pylist()
    assert fresh == again == {**served, "priority": None}


def _own(log: Log, table: str, who: str) -> tuple[dict[str, object], ...]:
    found = log.con.execute(f"select * from {table} where customer_id = ?", [who])
    names = [column[0] for column in found.description or ()]
    return tuple(
        {
            name: value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
            for name, value in zip(names, row, strict=True)
            if value is not None and name != "customer_id"
        }
        for row in found.fetchall()
    )


def test_the_customers_scored_are_those_with_a_contract(
    bundle: Bundle, log: Log
) -> None:
    run = score_log(bundle, log, as_of=AS_OF)
    [(n_active,)] = log.con.execute(
        "select count(distinct customer_id) from subscriptions where ends_at is null"
    ).fetchall()
    assert run.table.num_rows == n_active
    with pytest.raises(DataError, match="No contract is active at 2021"):
        score_log(bundle, log, as_of=datetime(2021, 1, 1, tzinfo=UTC))


def test_where_the_gate_says_no_a_simple_method_is_served(tmp_path: Path) -> None:
    """Of starts and ends alone: no plan, no amount, no interaction."""
    drawn = make_contracts(900, seed=5, n_weeks=80)
    rows = rows_of(drawn.subscriptions[["customer_id", "starts_at", "ends_at"]])
    ends_at = AS_OF
    options = TrainOptions(
        horizon=timedelta(days=91), gate=Gate(min_auc_gain=0.9), kind="subscriptions"
    )
    with log_from_rows(subscriptions=rows, now=ends_at) as bare:
        found = train(bare, as_of=ends_at, folder=tmp_path / "bundle", options=options)
        run = score_log(
            load_bundle(found.folder, version="1", sha256=found.sha256),
            bare,
            as_of=ends_at,
        )
    assert isinstance(found.holdout, Holdout)
    served = found.holdout.served["churn"]
    best = max(("logistic", "tenure_and_plan"), key=lambda n: _auc(found, n))
    assert served == best
    assert set(run.table["score_basis"].to_pylist()) == {"rule"}
    assert set(run.table["tier"].to_pylist()) == {"C"}
    assert "is served" in found.holdout.reason or "are served" in found.holdout.reason


def _auc(version: TrainedModel, name: str) -> float:
    return version.holdout.churn[name]["auc"]


def test_a_short_log_is_refused(log: Log, tmp_path: Path) -> None:
    early = START + timedelta(days=60)
    with pytest.raises(DataError, match="go back"):
        train(log, as_of=early, folder=tmp_path / "b", options=OPTIONS)


def test_every_label_is_over_before_it_is_used() -> None:
    days = judged_days(starts_at=START, as_of=AS_OF, horizon_days=91)
    assert days == 91
    found = plan_origins(starts_at=START, cutoff=AS_OF, days=days)
    assert all(each.ends_at <= found.late.as_of for each in found.early)
    assert all(each.ends_at <= AS_OF for each in found.snapshots)
    assert judged_days(starts_at=START, as_of=AS_OF, horizon_days=400) == 176


def test_kaplan_meier_counts_who_is_still_there() -> None:
    days = np.array([10.0, 20.0, 20.0, 30.0, 40.0])
    has_ended = np.array([True, True, False, True, False])
    ends, share = kaplan_meier(days, has_ended)
    assert ends.tolist() == [10, 20, 30]
    np.testing.assert_allclose(share, [0.8, 0.6, 0.3])
    np.testing.assert_allclose(
        chance((ends, share), np.array([0.0, 15.0, 35.0]), 10.0), [0.2, 0.25, 0.0]
    )


def test_a_backtest_looks_from_earlier_days_and_sees_nothing_later(log: Log) -> None:
    embargo = timedelta(days=10)
    looks = backtest(log, as_of=AS_OF, options=OPTIONS, origins=2, embargo=embargo)
    values = looks.to_dict()
    assert [each["horizon_days"] for each in values["origins"]] == [91, 91]
    assert looks.looks[-1].holdout.origin.ends_at == AS_OF
    assert values["churn"]["model"]["auc"]["n_origins"] == 2
    assert {"tenure", "kaplan_meier", "logistic"} < set(values["churn"])
    newest = looks.looks[-1].holdout.origin.as_of
    past = choose_contract_origins(
        starts_at=log.starts_at,
        as_of=AS_OF,
        horizon_days=91,
        count=9,
        embargo=embargo,
    )
    assert past[-1].as_of == newest
    for origin in past:
        planned = plan_origins(
            starts_at=log.starts_at, cutoff=origin.as_of - embargo, days=91
        )
        assert planned.early
        assert planned.late.ends_at + embargo <= origin.as_of


def test_a_log_of_contracts_without_a_leak_is_clean(log: Log) -> None:
    found = audit(log, learner_of(log).audited(None))
    assert found.clean
    assert all(sum(each.rows_altered.values()) > 0 for each in found.rebuilds)
    assert found.suspicions.model_auc is not None


@pytest.mark.parametrize(
    ("here", "there", "alteration"),
    [
        ("< as_ofs.as_of then greatest", "is not null then greatest", "removed"),
        ("subscriptions.starts_at < as_ofs.as_of", "true", "removed"),
        ("subscriptions.known_at < as_ofs.as_of", "true", "moved"),
    ],
    ids=["an end that lies ahead", "a later start", "what is not yet known"],
)
def test_sql_that_sees_what_lies_ahead_is_found(
    log: Log, here: str, there: str, alteration: str
) -> None:
    subject = learner_of(log).audited(AS_OF - timedelta(days=91))
    plan = subject.plan(log)
    assert isinstance(plan, ContractPlan)
    assert here in plan.sql
    leaky = replace(plan, sql=plan.sql.replace(here, there))
    blind = replace(subject, plan=lambda altered: leaky)
    _, (found,) = rebuild(log, leaky, blind, alterations=[alteration])
    assert not found.blind


def test_tuned_parameters_are_those_that_are_fitted(log: Log, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'tuning.db'}"
    budget = Budget(timedelta(minutes=5), trials=1)
    tuning = tune(log, as_of=AS_OF, options=OPTIONS, budget=budget, storage=storage)
    assert tuning.n_trials == 2
    assert datetime.fromisoformat(tuning.as_of) == AS_OF - timedelta(days=91)
    assert tuning.default_value > 0.5
    options = replace(OPTIONS, parameters={"n_rounds": 3, "num_leaves": 4})
    tuned = train(log, as_of=AS_OF, folder=tmp_path / "bundle", options=options)
    trees = tuned.fitted.model.boosters["churn"]
    assert trees.num_trees() == 3


def learner_of(log: Log) -> ContractLearner:
    return ContractLearner(log, as_of=log.ends_at, options=OPTIONS)


def test_contracts_of_which_none_ended_are_refused(tmp_path: Path) -> None:
    rows = [
        {"customer_id": f"c{number}", "starts_at": START + timedelta(days=number % 9)}
        for number in range(300)
    ]
    with (
        log_from_rows(subscriptions=rows, now=AS_OF) as forever,
        pytest.raises(DataError, match="0 of them churned"),
    ):
        train(forever, as_of=AS_OF, folder=tmp_path / "b", options=OPTIONS)
