"""A model of contracts: judged on a later day, explained, and served alike."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

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
from training.contract_judge import chance, kaplan_meier
from training.contract_schedule import judged_days, plan_origins
from training.contract_train import ContractOptions, train_contracts
from training.grading import Gate
from training.mixed_version import MixedVersion

AS_OF = START + timedelta(weeks=80)
OPTIONS = ContractOptions(horizon_days=91, seed=1)


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
def version(log: Log, tmp_path_factory: pytest.TempPathFactory) -> MixedVersion:
    """Train once."""
    folder = tmp_path_factory.mktemp("contracts") / "bundle"
    return train_contracts(log, as_of=AS_OF, folder=folder, options=OPTIONS)


@pytest.fixture(scope="module")
def bundle(version: MixedVersion) -> Bundle:
    """Read the bundle."""
    return load_bundle(version.folder, version="7", sha256=version.sha256)


def test_the_card_judges_on_a_later_day(version: MixedVersion) -> None:
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
    options = ContractOptions(horizon_days=91, gate=Gate(min_auc_gain=0.9))
    with log_from_rows(subscriptions=rows, now=ends_at) as bare:
        found = train_contracts(
            bare, as_of=ends_at, folder=tmp_path / "bundle", options=options
        )
        run = score_log(
            load_bundle(found.folder, version="1", sha256=found.sha256),
            bare,
            as_of=ends_at,
        )
    served = found.holdout.served["churn"]
    best = max(("logistic", "tenure_and_plan"), key=lambda n: _auc(found, n))
    assert served == best
    assert set(run.table["score_basis"].to_pylist()) == {"rule"}
    assert set(run.table["tier"].to_pylist()) == {"C"}
    assert "is served" in found.holdout.reason or "are served" in found.holdout.reason


def _auc(version: MixedVersion, name: str) -> float:
    return version.holdout.churn[name]["auc"]


def test_a_short_log_is_refused(log: Log, tmp_path: Path) -> None:
    early = START + timedelta(days=60)
    with pytest.raises(DataError, match="go back"):
        train_contracts(log, as_of=early, folder=tmp_path / "b", options=OPTIONS)


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
