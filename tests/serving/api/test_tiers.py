"""Tests of tier schemes, filters and decisions over the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from serving.api.app import create_app
from serving.store import Publication, Store, create_key, open_store, publish
from serving.store.facts import Beside
from tests.serving.samples import AS_OF, Shelf, context, described, scored

CLASSES = {
    "kind": "thresholds",
    "quantity": "net_spend_ytd",
    "classes": ["big", "small"],
    "limits": [5.0],
}


def publish_run(store: Store, sizes: list[str], *, days: int = 0) -> str:
    """Publish customers with some facts and their classes by scheme ``size``."""
    n = len(sizes)
    instant = AS_OF + timedelta(days=days)
    facts = pa.table(
        {
            "region": ["East", None] * (n // 2),
            "has_open_complaint": [True, False, None, False] * (n // 4),
            "net_spend_ytd": [float(i) for i in range(n)],
            "joined_at": pa.array([instant] * n, pa.timestamp("us", "UTC")),
            "tier_size": sizes,
        }
    )
    table = scored(n, as_of=instant)
    names = ("TEXT", "BOOLEAN", "NUMBER", "INSTANT", "TEXT")
    run = replace(
        context(instant),
        facts=dict(zip(facts.column_names, names, strict=True)),
        primary="size",
        schemes={"size": CLASSES},
    )
    moves = ['{"size": {"cause": "manual", "since": "2011-12-10"}}', *[None] * (n - 1)]
    beside = Beside(table["customer_id"], facts, moves)
    return publish(
        store, Publication(table, context=run, model=described(), beside=beside)
    )


@pytest.fixture(params=["sqlite_store", "postgres_store"])
def admin(request: pytest.FixtureRequest, shelf: Shelf) -> Iterator[TestClient]:
    """Return a client that may everything, on a store with two runs."""
    store: Store = request.getfixturevalue(request.param)
    publish_run(store, ["big", "big", "small", "small"])
    publish_run(
        store, ["big", "small", "small", "big", "big", "big", "big", "big"], days=1
    )
    key = create_key(store, name="desk", scopes=["admin"])
    with TestClient(create_app(store=store, scorers=shelf)) as client:
        client.headers["Authorization"] = f"Bearer {key.secret}"
        yield client


def listed(client: TestClient, rule: str, **more: str) -> list[str]:
    answer = client.get("/v1/customers", params={"filter": rule, **more})
    assert answer.status_code == 200, answer.text
    return [item["customer_id"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("tier in ('VIP', 'C')", [0, 3, 4, 7]),
        ("region = 'East' and not has_open_complaint", []),
        ("region = 'East' and has_open_complaint", [0, 4]),
        ("has_open_complaint is null", [2, 6]),
        ("net_spend_ytd / 2 > 2.9", [6, 7]),
        ("tier_size = 'small' or churn_probability > 0.65", [1, 2, 6]),
        ("joined_at = '2011-12-11T00:00:00Z' and priority <= 2", [0, 1]),
        ("next_order_on > '2012-01-07'", [7]),
    ],
)
def test_customers_are_filtered_by_a_rule(
    admin: TestClient, rule: str, expected: list[int]
) -> None:
    assert listed(admin, rule) == [f"c{number:05}" for number in expected]


def test_a_filter_goes_with_the_others_and_through_pages(admin: TestClient) -> None:
    assert listed(admin, "region = 'East'", tier="VIP") == ["c00000", "c00004"]
    asked = {"filter": "net_spend_ytd >= 5", "limit": "2"}
    first = admin.get("/v1/customers", params=asked).json()
    more = {**asked, "cursor": first["next_cursor"]}
    second = admin.get("/v1/customers", params=more).json()
    found = [item["customer_id"] for item in first["items"] + second["items"]]
    assert found == ["c00005", "c00006", "c00007"]
    other = admin.get("/v1/customers", params={**more, "filter": "net_spend_ytd >= 4"})
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("rule", "detail"),
    [
        ("regin = 'East'", "At line 1, column 1: there is no such column"),
        ("1=1; drop table scores", "At line 1, column 4: one expression is needed"),
        ("tier = 'x' or pg_sleep(9) is null", "At line 1, column 15: there is no such"),
        ("as_of > '2011-01-01'", "At line 1, column 1: there is no such column"),
    ],
)
def test_a_wrong_filter_is_a_problem_with_its_place(
    admin: TestClient, rule: str, detail: str
) -> None:
    answer = admin.get("/v1/customers", params={"filter": rule})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:regulars:problem:invalid-rule"
    assert answer.json()["errors"][0]["detail"].startswith(detail)
    assert "drop" not in answer.text


def test_schemes_are_listed_with_their_run(admin: TestClient) -> None:
    body = admin.get("/v1/tiers").json()
    assert body["primary"] == "size"
    assert body["schemes"]["size"]["limits"] == [5.0]
    assert body["written"] == {}


def test_schemes_that_are_put_wait_for_the_next_run(admin: TestClient) -> None:
    size = {**CLASSES, "quantity": "net_spend_ytd"}
    assert admin.put("/v1/tiers", json={"schemes": {"size": size}}).status_code == 200
    assert admin.get("/v1/tiers").json()["written"] == {"size": size}


@pytest.mark.parametrize(
    "scheme", [{"kind": "thresholds"}, {"kind": "share", "classes": ["a", "b"]}]
)
def test_a_wrong_scheme_is_refused(admin: TestClient, scheme: dict[str, Any]) -> None:
    answer = admin.put("/v1/tiers", json={"schemes": {"size": scheme}})
    assert answer.status_code == 422
    assert admin.get("/v1/tiers").json()["written"] == {}


def test_before_the_first_run_any_column_may_come(
    sqlite_store: Store, shelf: Shelf
) -> None:
    key = create_key(sqlite_store, name="desk", scopes=["admin"])
    client = TestClient(create_app(store=sqlite_store, scorers=shelf))
    client.headers["Authorization"] = f"Bearer {key.secret}"

    def put(**changes: Any) -> int:
        schemes = {"size": CLASSES | {"quantity": "seats_sold"} | changes}
        return client.put("/v1/tiers", json={"schemes": schemes}).status_code

    assert put() == 200
    assert put(quantity="seats_sold >") == 422
    assert put(limits=[5, 6]) == 422


def test_transitions_count_every_customer_once(admin: TestClient) -> None:
    body = admin.get("/v1/tiers/size/transitions").json()
    assert body["classes"] == ["big", "small"]
    assert body["moves"] == [
        {"before": None, "after": "big", "n_customers": 4},
        {"before": "big", "after": "big", "n_customers": 1},
        {"before": "big", "after": "small", "n_customers": 1},
        {"before": "small", "after": "big", "n_customers": 1},
        {"before": "small", "after": "small", "n_customers": 1},
    ]
    back = {"from": body["to"], "to": body["from"]}
    turned = admin.get("/v1/tiers/size/transitions", params=back).json()["moves"]
    assert {"before": "big", "after": None, "n_customers": 4} in turned
    assert sum(move["n_customers"] for move in turned) == 8


def test_unknown_runs_and_schemes_are_not_found(admin: TestClient) -> None:
    assert admin.get("/v1/tiers/nope/transitions").status_code == 404
    address = "/v1/tiers/size/transitions?from=nope"
    assert admin.get(address).json()["type"] == "urn:regulars:problem:unknown-run"


def test_a_history_has_a_point_for_each_run(admin: TestClient) -> None:
    body = admin.get("/v1/customers/c00000/history").json()
    assert [point["as_of"][:10] for point in body["items"]] == [
        "2011-12-11",
        "2011-12-10",
    ]
    assert body["items"][0]["tiers"] == {
        "size": {"tier": "big", "cause": "manual", "since": "2011-12-10"}
    }
    assert admin.get("/v1/customers/nobody/history").status_code == 404


def test_a_decision_by_hand_is_kept_with_who_and_why(admin: TestClient) -> None:
    decided = {
        "scheme": "size",
        "tier": "small",
        "who": "amy",
        "why": "moved abroad",
        "until": "2012-06-30",
    }
    address = "/v1/customers/c00001/override"
    assert admin.post(address, json=decided).status_code == 201
    history = admin.get("/v1/customers/c00001/history").json()
    assert history["items"][0]["tiers"]["size"]["tier"] == "small"
    [found] = history["overrides"]
    assert (found["who"], found["until"]) == ("amy", "2012-06-30T00:00:00Z")
    wrong = {**decided, "tier": "huge"}
    assert admin.post(address, json=wrong).status_code == 422
    nobody = "/v1/customers/nobody/override"
    assert admin.post(nobody, json=decided).status_code == 404


def test_only_an_admin_decides(reader: TestClient) -> None:
    body = {"scheme": "a", "tier": "b", "who": "c", "why": "d", "until": "2030-01-01"}
    answer = reader.post("/v1/customers/c00001/override", json=body)
    assert answer.status_code == 403
    assert reader.put("/v1/tiers", json={"schemes": {}}).status_code == 403


def test_a_store_keeps_what_it_was_given_after_a_restart(sqlite_url: str) -> None:
    with closing(open_store(sqlite_url)) as store:
        publish_run(store, ["big", "small", "small", "big"])
    with closing(open_store(sqlite_url)) as store:
        from serving.runs.standing import last_standings

        found = last_standings(store, as_of=AS_OF + timedelta(days=9))
        assert found is not None
        assert found.table["tier_size"].to_pylist() == ["big", "small", "small", "big"]
        assert last_standings(store, as_of=AS_OF) is None
