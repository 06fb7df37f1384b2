"""The row of the API is the row of the batch is the row of predict, to the last bit."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from features.door.log_files import Log
from features.errors import DataError
from models.bundle.bundle import Bundle
from models.score.schema import SCORE_SCHEMA, RunContext
from models.tiers import ManualOverride, plan_tiers
from serving.api.app import create_app
from serving.predict.bundle_scorers import BundleScorers
from serving.predict.customer_events import CustomerEvents
from serving.predict.events import score_again, score_events
from serving.runs.score import ScoredRun, score_log
from serving.store import Publication, Store, create_key, publish
from tests.buyers import Row, Rows
from tests.conftest import AS_OF


@pytest.fixture(scope="module")
def scored(bundle: Bundle, buyers_log: Log) -> ScoredRun:
    """Score the whole log as of ``AS_OF``."""
    return score_log(bundle, buyers_log, as_of=AS_OF)


@pytest.fixture(scope="module")
def batch(scored: ScoredRun) -> dict[str, dict[str, Any]]:
    """Return the rows by customer, without their rank."""
    return {row["customer_id"]: {**row, "priority": None} for row in read(scored.table)}


def read(table: pa.Table) -> list[dict[str, Any]]:
    """Return a table of scores as mappings."""
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def own(rows: Rows, customer_id: str) -> CustomerEvents:
    """Return what a customer did, all of it."""
    mine = rows.of(customer_id)
    return CustomerEvents(customer_id, mine.transactions, mine.interactions)


def names(batch: Mapping[str, Any]) -> list[str]:
    """Return some of the customers."""
    return sorted(batch)[::8]


def test_every_customer_with_a_purchase_is_scored(
    scored: ScoredRun, rows: Rows
) -> None:
    bought = {
        row["customer_id"]
        for row in rows.before(AS_OF).transactions
        if row["amount"] > 0
    }
    assert scored.table.schema.equals(SCORE_SCHEMA)
    assert scored.table["customer_id"].to_pylist() == sorted(bought)


def test_what_comes_later_changes_no_score(
    bundle: Bundle, scored: ScoredRun, rows: Rows
) -> None:
    with rows.before(AS_OF).shuffled(seed=5).open() as log:
        again = score_log(bundle, log, as_of=AS_OF)
    assert read(again.table) == read(scored.table)
    assert again.context == scored.context


def test_own_events_give_the_row_of_the_batch(
    bundle: Bundle, scored: ScoredRun, batch: dict[str, dict[str, Any]], rows: Rows
) -> None:
    """Events after the run's instant among them: they are not seen."""
    asked = [own(rows, name) for name in names(batch)]
    found = read(score_events(bundle, asked, context=scored.context))
    assert found == [batch[name] for name in names(batch)]


def test_who_is_asked_for_alone_gets_the_same_row(
    bundle: Bundle, scored: ScoredRun, batch: dict[str, dict[str, Any]], rows: Rows
) -> None:
    for name in names(batch)[::10]:
        found = score_events(bundle, [own(rows, name)], context=scored.context)
        assert read(found) == [batch[name]]


def test_events_in_another_order_give_the_same_row(
    bundle: Bundle, scored: ScoredRun, batch: dict[str, dict[str, Any]], rows: Rows
) -> None:
    name = max(batch, key=lambda name: len(rows.of(name).transactions))
    events = own(rows, name)
    mixed = list(events.transactions)
    random.Random(1).shuffle(mixed)
    events = replace(events, transactions=tuple(mixed))
    assert read(score_events(bundle, [events], context=scored.context)) == [batch[name]]


def test_a_context_that_was_stored_gives_the_same_row(
    bundle: Bundle, scored: ScoredRun, batch: dict[str, dict[str, Any]], rows: Rows
) -> None:
    stored = json.loads(json.dumps(scored.context.to_dict()))
    context = RunContext.from_dict(stored)
    name = names(batch)[0]
    found = score_events(bundle, [own(rows, name)], context=context)
    assert read(found) == [batch[name]]


def test_a_past_score_is_given_again_from_a_log_that_has_grown(
    bundle: Bundle, batch: dict[str, dict[str, Any]], rows: Rows, buyers_log: Log
) -> None:
    with rows.before(AS_OF).open() as log:
        context = score_log(bundle, log, as_of=AS_OF).context
    for name in names(batch)[::10]:
        again = score_again(bundle, buyers_log, name, context=context)
        assert read(again) == [batch[name]]
    assert score_again(bundle, buyers_log, "nobody", context=context).num_rows == 0


def test_one_more_purchase_is_told_in_the_score(
    bundle: Bundle, scored: ScoredRun, batch: dict[str, dict[str, Any]], rows: Rows
) -> None:
    name = max(batch, key=lambda name: float(batch[name]["churn_probability"]))
    events = own(rows, name)
    bought: Row = {"occurred_at": AS_OF - timedelta(hours=3), "amount": 80.0}
    more = replace(events, transactions=(*events.transactions, bought))
    (row,) = read(score_events(bundle, [more], context=scored.context))
    assert row["churn_probability"] < batch[name]["churn_probability"]
    assert row["expected_value"] > batch[name]["expected_value"]


def test_who_has_not_bought_before_the_run_has_no_row(
    bundle: Bundle, scored: ScoredRun
) -> None:
    late = CustomerEvents("late", ({"occurred_at": AS_OF, "amount": 5.0},))
    back: Row = {"occurred_at": AS_OF - timedelta(days=9), "amount": -5.0}
    found = score_events(
        bundle, [late, CustomerEvents("back", (back,))], context=scored.context
    )
    assert found.num_rows == 0
    assert found.schema.equals(SCORE_SCHEMA)


def test_a_log_without_a_purchase_before_the_instant_is_refused(
    bundle: Bundle, buyers_log: Log
) -> None:
    with pytest.raises(DataError, match="Nobody has bought anything before"):
        score_log(bundle, buyers_log, as_of=buyers_log.starts_at)


@pytest.fixture
def caller(
    sqlite_store: Store, bundle: Bundle, scored: ScoredRun
) -> Iterator[TestClient]:
    """Publish the run and return a client that may ask for it."""
    publish(
        sqlite_store,
        Publication(
            scored.table,
            context=scored.context,
            model={**bundle.card, "version": bundle.version},
        ),
    )
    key = create_key(sqlite_store, name="crm", scopes=["read", "predict"])
    app = create_app(store=sqlite_store, scorers=BundleScorers(OneBundle(bundle)))
    with TestClient(app) as client:
        client.headers["Authorization"] = f"Bearer {key.secret}"
        yield client


class OneBundle:
    """A registry of the one version that was trained."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def get(self, version: str) -> Bundle:
        """Return the bundle."""
        assert version == self._bundle.version
        return self._bundle


def as_json(value: Any) -> Any:
    """Return a value of a score as JSON holds it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: as_json(part) for name, part in value.items()}
    return [as_json(part) for part in value] if isinstance(value, list) else value


def test_the_api_answers_with_the_row_of_the_batch(
    caller: TestClient, scored: ScoredRun, rows: Rows
) -> None:
    """By id, among the customers asked for, and from the customer's own events."""
    expected = {row["customer_id"]: as_json(row) for row in read(scored.table)}
    some = sorted(expected)[::40]
    by_id = [{"customer_id": name} for name in some]
    by_events = [
        {
            "customer_id": name,
            "transactions": as_json(list(rows.of(name).transactions)),
            "interactions": as_json(list(rows.of(name).interactions)),
        }
        for name in some
    ]
    for asked in (by_id, by_events):
        answer = caller.post("/v1/predict", json={"customers": asked})
        assert answer.status_code == 200, answer.text
        found = [item["score"] for item in answer.json()["items"]]
        assert found == [expected[name] for name in some]
    for name in some:
        assert caller.get(f"/v1/customers/{name}").json() == expected[name]


def test_what_the_api_answers_adds_up(caller: TestClient) -> None:
    page = caller.get("/v1/customers", params={"limit": 50, "sort": "priority"}).json()
    assert len(page["items"]) == 50
    for score in page["items"]:
        for reasons, figure in (
            ("churn_reasons", "churn_probability"),
            ("value_reasons", "expected_value"),
        ):
            total = sum(reason["contribution"] for reason in score[reasons])
            assert total == pytest.approx(score[figure], rel=1e-9, abs=1e-9)


def test_the_api_tells_the_card_of_the_version(
    caller: TestClient, bundle: Bundle
) -> None:
    told = caller.get("/v1/model").json()["model"]
    assert told["version"] == bundle.version
    assert told["grade"] == bundle.card["grade"]


def test_every_scheme_runs_or_says_what_it_needs(scored: ScoredRun) -> None:
    schemes = scored.context.schemes
    assert schemes["abc"]["shares"]["VIP"]["n_customers"] > 0
    skipped = {name for name, each in schemes.items() if "skipped" in each}
    assert skipped == {
        "preference_class",
        "strategic",
        "big",
        "value_customer",
        "top3_of_group",
    }
    assert all("needs" in schemes[n]["skipped"] for n in skipped - {"value_customer"})
    tiers = scored.facts["tier_abc"].to_pylist()
    assert tiers == scored.table["tier"].to_pylist()


@pytest.mark.parametrize("primary", ["abcd", "frequency_class", "abc"])
def test_a_row_made_of_own_events_has_the_primary_tier_of_the_batch(
    bundle: Bundle, buyers_log: Log, rows: Rows, primary: str
) -> None:
    decided = ManualOverride(
        "c0016", primary, "A", "amy", "why", AS_OF + timedelta(days=9)
    )
    plan = plan_tiers(
        primary=primary, manual=(decided,), active=("abc", "abcd", primary)
    )
    run = score_log(bundle, buyers_log, as_of=AS_OF, tiers=plan)
    batch = {row["customer_id"]: {**row, "priority": None} for row in read(run.table)}
    some = names(batch)[:12]
    scored = score_events(bundle, [own(rows, n) for n in some], context=run.context)
    assert {row["customer_id"]: row for row in read(scored)} == {
        name: batch[name] for name in some
    }
    if primary != "frequency_class":
        assert batch["c0016"]["tier"] == "A"
        assert "by hand" in batch["c0016"]["tier_reason"]["en"]
