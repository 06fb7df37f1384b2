"""Contracts at an instant: who has one, what is seen of it, and what became of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.contracts.plan import (
    ContractPlan,
    build_contracts,
    build_outcomes,
    build_spells,
    plan_contracts,
)
from features.door.fingerprint import fingerprint
from features.door.log_files import Log, log_from_rows
from tests.bench.contracts import make_contracts

NOW = datetime(2026, 1, 1, tzinfo=UTC)
AS_OF = datetime(2025, 1, 1, tzinfo=UTC)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def contract(who: str, start: str, end: str = "", **more: Any) -> dict[str, Any]:
    ends = day(end) if end else None
    return {"customer_id": who, "starts_at": day(start), "ends_at": ends, **more}


ROWS = [
    contract("a", "2024-01-01", "2024-07-01", amount=10.0, plan="S"),
    contract("a", "2024-07-01", amount=15.0, plan="L"),
    contract("b", "2024-03-01", "2024-05-01", amount=10.0, plan="S"),
    contract("b", "2024-08-01", "2025-02-10", amount=10.0, plan="S"),
    contract("c", "2024-01-01", "2024-12-01", amount=10.0, plan="S"),
    contract("d", "2024-12-01", "2025-01-15", amount=20.0, plan="L"),
    contract("d", "2025-01-20", amount=20.0, plan="L"),
    contract("e", "2025-01-01", amount=20.0, plan="L"),
    contract("f", "2024-01-01", amount=5.0, plan="L") | {"known_at": AS_OF},
]
CONTACT = {"customer_id": "b", "occurred_at": day("2024-12-22"), "type": "complaint"}


def open_contracts(rows: list[dict[str, Any]] | None = None) -> Log:
    rows = rows or ROWS
    return log_from_rows(subscriptions=rows, interactions=[CONTACT], now=NOW)


def plan_of(log: Log) -> ContractPlan:
    return plan_contracts(log, as_of=AS_OF, horizon_days=90)


def test_features_are_of_whoever_has_a_contract_that_is_known() -> None:
    with open_contracts() as log:
        features = build_contracts(log, plan_of(log), as_of=[AS_OF]).droplevel("as_of")
    assert list(features.index) == ["a", "b", "d"]
    a, b = features.loc["a"], features.loc["b"]
    assert a["contract_tenure_days"] == 366
    assert a["contract_days"] == a["days_since_contract_change"] == 184
    assert (a["n_contracts"], a["n_renewals"], a["n_contract_gaps"]) == (2, 1, 0)
    assert a["contract_amount"] == 15
    assert a["contract_amount_change"] == pytest.approx(0.5)
    assert b["contract_gap_days"] == 92
    assert b["contract_active_share"] == pytest.approx(1 - 92 / 306)
    assert b["contract_spell_days"] == 153
    assert (b["n_interactions_30d"], b["days_since_interaction"]) == (1, 10)
    assert features.loc["d", "n_interactions"] == 0


def test_a_renewal_within_the_time_is_no_churn() -> None:
    with open_contracts() as log:
        plan = plan_of(log)
        outcomes = build_outcomes(log, plan, as_of=AS_OF, days=90, known_before=NOW)
    assert outcomes["churned"].loc[["a", "b", "d"]].to_dict() == {
        "a": 0,
        "b": 1,
        "d": 0,
    }
    month = 365 / 12
    assert outcomes.loc["a", "value"] == pytest.approx(15 * 90 / month)
    assert outcomes.loc["b", "value"] == pytest.approx(10 * 40 / month)
    assert outcomes.loc["d", "value"] == pytest.approx(20 * 85 / month)


def test_an_end_on_the_day_before_the_next_start_lasts_the_whole_day() -> None:
    rows = [
        contract("a", "2024-01-01", "2024-01-31"),
        contract("a", "2024-02-01", "2024-02-29"),
        contract("a", "2024-03-01", "2024-12-31"),
        contract("b", "2024-01-01"),
    ]
    with open_contracts(rows) as log:
        plan = plan_of(log)
        features = build_contracts(log, plan, as_of=[AS_OF, day("2024-02-01")])
        spells = build_spells(log, plan, as_of=AS_OF)
    assert plan.whole_days
    assert len(features) == 4
    assert len(spells) == 2
    assert plan.amount is None


def test_the_plan_survives_json() -> None:
    with open_contracts() as log:
        plan = plan_of(log)
    assert ContractPlan.from_dict(plan.to_dict()) == plan


@pytest.mark.parametrize("seed", range(4))
def test_what_lies_ahead_changes_no_feature(seed: int) -> None:
    """Starts, ends, amounts, plans and rows at or after as_of are drawn anew."""
    drawn = make_contracts(120, seed=seed, n_weeks=104)
    rng = np.random.default_rng(seed)
    as_of = day("2023-03-01") + timedelta(hours=int(rng.integers(0, 2000)))
    before, after = drawn.subscriptions, alter(drawn.subscriptions, as_of, rng)
    builds = []
    for table in (before, after):
        calls = drawn.interactions
        if table is after:
            late = pd.to_datetime(calls["occurred_at"], utc=True) >= as_of
            calls = calls[~late]
        with log_from_rows(
            subscriptions=rows_of(table), interactions=rows_of(calls), now=NOW
        ) as log:
            plan = plan_contracts(log, as_of=as_of, horizon_days=60)
            frame = build_contracts(log, plan, as_of=[as_of])
            builds.append((plan, frame, fingerprint(log, as_of=as_of)))
    assert builds[0][0] == builds[1][0]
    pd.testing.assert_frame_equal(builds[0][1], builds[1][1], check_exact=True)
    assert builds[0][2] == builds[1][2]
    assert len(builds[0][1]) > 10


def alter(
    table: pd.DataFrame, as_of: datetime, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw anew what as_of must not see."""
    table = table.assign(
        **{n: pd.to_datetime(table[n], utc=True) for n in ("starts_at", "ends_at")}
    )
    hours = pd.Series(pd.to_timedelta(rng.uniform(0, 5e3, len(table)), unit="h"))
    ahead = table["starts_at"].where(
        table["starts_at"] >= as_of, pd.Timestamp(as_of)
    ) + hours.dt.ceil("s")
    ends_later = ~(table["ends_at"] < as_of)
    erased = rng.random(len(table)) < 0.5
    table["ends_at"] = table["ends_at"].where(~ends_later, ahead)
    table["ends_at"] = table["ends_at"].mask(ends_later & erased)
    later = table["starts_at"] >= as_of
    table.loc[later, "amount"] = rng.uniform(0, 99, int(later.sum())).round(2)
    table.loc[later, "plan"] = "New"
    unseen = table[~later].head(20).assign(known_at=as_of, plan="Late")
    remaining = table[~later | (rng.random(len(table)) < 0.5)]
    return pd.concat([remaining, unseen], ignore_index=True)


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            str(name): None
            if pd.isna(value)
            else value.to_pydatetime()
            if isinstance(value, pd.Timestamp)
            else value
            for name, value in row.items()
        }
        for row in table.to_dict("records")
    ]
