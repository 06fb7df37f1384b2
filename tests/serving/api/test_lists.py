"""Tests of the addresses of lists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from models.lists import presets
from serving.api.app import create_app
from serving.store import Store, create_key, open_store
from tests.serving.published_runs import publish_run
from tests.serving.samples import Shelf

HIGH, LOW = {"churn_probability": 0.8}, {"churn_probability": 0.2}
RISKY = {"filter": "churn_probability > 0.6", "order": "customer_id"}


@pytest.fixture(scope="module")
def two_runs(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """Publish two runs once for all tests here."""
    path = tmp_path_factory.mktemp("lists") / "regulars.db"
    path.write_bytes(migrated_file.read_bytes())
    with closing(open_store(f"sqlite:///{path}")) as store:
        publish_run(store, {"a": HIGH, "b": LOW, "c": HIGH})
        publish_run(store, {"a": LOW, "b": HIGH, "c": HIGH}, day=1)
        yield store


@pytest.fixture(scope="module")
def asker(two_runs: Store) -> Iterator[TestClient]:
    """Return a client with a key that may all, and a list to ask for."""
    app = create_app(store=two_runs, scorers=Shelf())
    key = create_key(two_runs, name="boss", scopes=["admin"])
    with TestClient(app, raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {key.secret}"
        made = client.post("/v1/lists", json={"name": "risky", **RISKY})
        assert made.status_code == 201
        yield client


def test_all_lists_are_shown_with_their_as_of(asker: TestClient) -> None:
    body = asker.get("/v1/lists").json()
    assert {each["name"] for each in body["items"]} >= {*presets(), "risky"}
    assert {each["as_of"] for each in body["items"]} == {"2011-12-11T00:00:00Z"}
    core = next(each for each in body["items"] if each["name"] == "core")
    assert core["source"] == "preset"
    assert core["n_candidates"] == core["n_members"] + sum(core["excluded"].values())


def test_members_come_with_their_scores(asker: TestClient) -> None:
    body = asker.get("/v1/lists/risky/members?limit=1").json()
    assert body["items"][0]["place"] == 1
    assert body["items"][0]["score"]["customer_id"] == "b"
    more = {"limit": 1, "cursor": body["next_cursor"]}
    rest = asker.get("/v1/lists/risky/members", params=more).json()
    assert rest["items"][0]["score"]["customer_id"] == "c"
    assert rest["next_cursor"] is None


def test_a_difference_says_why(asker: TestClient) -> None:
    body = asker.get("/v1/lists/risky/diff").json()
    assert (body["n_entered"], body["n_left"], body["n_stayed"]) == (1, 1, 1)
    assert body["entered"] == [
        {
            "customer_id": "b",
            "why": "condition",
            "reason": None,
            "changes": [
                {
                    "rule": "churn_probability > 0.6",
                    "values": [
                        {"column": "churn_probability", "before": 0.2, "after": 0.8}
                    ],
                }
            ],
        }
    ]
    run = body["run_id"]
    same = asker.get(f"/v1/lists/risky/diff?from={run}&to={run}").json()
    assert (same["n_entered"], same["n_left"]) == (0, 0)
    assert asker.get("/v1/lists/risky/diff?from=gone").status_code == 404


def test_profit_is_asked_with_terms(asker: TestClient) -> None:
    refused = asker.get("/v1/lists/risky/profit")
    assert (refused.status_code, refused.json()["type"]) == (
        422,
        "urn:regulars:problem:no-action",
    )
    terms = {"cost": 1, "save_rate": 0.1, "budget": 1}
    body = asker.get("/v1/lists/risky/profit", params=terms).json()
    assert (body["length"], body["ended_by"]) == (1, "budget")
    assert body["save_rate_from"] == "request"
    assert body["next_unit_of_budget"] == pytest.approx(body["next"]["expected_profit"])


@pytest.mark.parametrize(
    ("kind", "begins"),
    [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("parquet", b"PAR1")],
)
def test_a_list_is_taken_as_a_file(asker: TestClient, kind: str, begins: bytes) -> None:
    answer = asker.get(f"/v1/lists/risky/export?format={kind}")
    assert answer.content.startswith(begins)
    assert f'filename="risky.{kind}"' in answer.headers["content-disposition"]
    assert answer.headers["regulars-run"].startswith("20111211T")


def test_a_list_is_made_changed_and_forgotten(asker: TestClient) -> None:
    made = asker.post("/v1/lists", json={"name": "mine", **RISKY})
    assert (made.status_code, made.json()["n_members"]) == (201, 2)
    twice = asker.post("/v1/lists", json={"name": "mine", **RISKY})
    assert twice.status_code == 409
    changed = asker.put("/v1/lists/mine", json={"filter": "true", "limit": 1})
    assert changed.json()["n_beyond"] == 2
    shown = asker.get("/v1/lists/mine").json()
    assert shown["definition"] == {"filter": "true", "limit": 1}
    assert shown["sizes"][0]["n_members"] == 1
    assert asker.delete("/v1/lists/mine").status_code == 204
    assert asker.get("/v1/lists/mine").status_code == 404
    assert asker.delete("/v1/lists/mine").status_code == 404
    assert asker.delete("/v1/lists/core").status_code == 409


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"filter": "chrn > 1"}, "#/filter"),
        ({"filter": "true", "limit": 0}, "#/limit/constrained-int"),
        ({"filter": "true", "guardrails": {"x": 1}}, "#/guardrails"),
        ({"filter": "true); drop table scores; --"}, "#/filter"),
        ({}, "#"),
    ],
)
def test_a_faulty_list_is_refused_without_a_word_of_it(
    asker: TestClient, body: dict[str, Any], pointer: str
) -> None:
    answer = asker.put("/v1/lists/faulty", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert "chrn" not in answer.text
    assert "drop" not in answer.text


def test_readers_define_nothing(asker: TestClient, two_runs: Store) -> None:
    key = create_key(two_runs, name="crm", scopes=["read"])
    header = {"Authorization": f"Bearer {key.secret}"}
    assert asker.get("/v1/lists", headers=header).status_code == 200
    for method in ("put", "delete"):
        answer = asker.request(method, "/v1/lists/risky", headers=header, json=RISKY)
        assert answer.status_code == 403
    posted = asker.post("/v1/lists", headers=header, json={"name": "x", **RISKY})
    assert posted.status_code == 403


def test_who_defined_a_list_is_kept(asker: TestClient, two_runs: Store) -> None:
    with two_runs.read() as con:
        query = sa.text("SELECT who FROM lists WHERE name = 'risky'")
        assert len(con.execute(query).scalar_one()) == 12
