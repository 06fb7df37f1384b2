"""Tests of actions over the API."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from models.actions import read_catalogue
from models.actions.choose import choose_actions
from models.score.fact_types import describe_facts
from models.score.facts import kept_facts
from serving.api.app import create_app
from serving.store import Publication, Store, create_key, publish
from serving.store.facts import Beside
from tests.models.actions.test_choose import facts
from tests.serving.samples import Shelf, context, described, scored


@pytest.fixture
def reader(sqlite_store: Store, shelf: Shelf) -> Iterator[TestClient]:
    """Return a client of a run whose second customer complains."""
    ids = scored(2)["customer_id"].to_pylist()
    loyal = {"lifecycle_stage": "loyal", "risk_band": "low", "n_orders_365d": 14.0}
    known = facts(
        {**loyal, "customer_id": ids[0]},
        {**loyal, "customer_id": ids[1], "has_open_complaint": True},
    )
    known = known.drop_columns(["action_1", "action_2", "action_3"])
    chosen = choose_actions(known, read_catalogue({"bonus_points": {"cost": 2}}))
    run = replace(
        context(),
        facts=describe_facts(kept_facts(chosen.facts)),
        actions=chosen.summary,
    )
    beside = Beside(
        known["customer_id"], chosen.facts.select(list(run.facts)), [None] * 2
    )
    table = scored(
        2, value_at_risk=100.0, expected_value=200.0, lifecycle_stage="loyal"
    )
    publish(
        sqlite_store, Publication(table, context=run, model=described(), beside=beside)
    )
    key = create_key(sqlite_store, name="crm", scopes=["admin"])
    with TestClient(create_app(store=sqlite_store, scorers=shelf)) as client:
        client.headers["Authorization"] = f"Bearer {key.secret}"
        yield client


def test_a_customer_has_up_to_three_actions_with_reasons(reader: TestClient) -> None:
    body = reader.get("/v1/customers/c00000/actions").json()
    names = [action["action"] for action in body["actions"]]
    assert names == ["cross_sell", "bonus_points", "survey"]
    points = body["actions"][1]
    assert (points["worth"], points["basis"]) == (2.0, "configured")
    assert points["reason"]["facts"] == {"lifecycle_stage": "loyal"}
    assert body["actions"][0]["basis"] == "assumed"
    assert "赠送积分" in points["zh"]
    assert body["currency"] == "GBP"


def test_nothing_is_sold_to_who_complains(reader: TestClient) -> None:
    actions = reader.get("/v1/customers/c00001/actions").json()["actions"]
    assert [action["action"] for action in actions][0] == "resolve_complaint"
    assert "cross_sell" not in {action["action"] for action in actions}


def test_the_catalogue_says_who_has_what_and_what_is_left_out(
    reader: TestClient,
) -> None:
    body = reader.get("/v1/actions").json()
    counts = {each["name"]: each["n_customers"] for each in body["actions"]}
    assert (counts["resolve_complaint"], counts["cross_sell"]) == (1, 1)
    assert "birthday" in body["left_out"]["birthday_gift"]


def test_customers_are_filtered_by_their_actions(reader: TestClient) -> None:
    query = {"filter": "action_1 = 'resolve_complaint'"}
    items = reader.get("/v1/customers", params=query).json()["items"]
    assert [item["customer_id"] for item in items] == ["c00001"]


def test_an_unknown_customer_and_a_run_without_actions(
    reader: TestClient, sqlite_store: Store
) -> None:
    answer = reader.get("/v1/customers/nobody/actions")
    assert answer.json()["type"].endswith("unknown-customer")
    publish(sqlite_store, Publication(scored(1), context=context(), model=described()))
    assert reader.get("/v1/customers/c00000/actions").json()["actions"] == []


def test_an_exported_list_says_what_to_do(reader: TestClient) -> None:
    wanted = {
        "name": "both",
        "filter": "tier = 'VIP' or has_open_complaint",
        "guardrails": {"open_complaint": False},
    }
    assert reader.post("/v1/lists", json=wanted).status_code == 201
    answer = reader.get("/v1/lists/both/export?format=csv&lang=zh")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    first = {row["customer_id"]: row["action_1"] for row in rows}
    assert first["c00001"] == "专人处理未结投诉并告知结果"
    assert first["c00000"] == "交叉销售推荐"
