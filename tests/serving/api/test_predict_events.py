"""Tests of POST /v1/predict with events, with a real model."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from serving.api.app import create_app
from serving.api.fast.look_up import QuickAnswer
from serving.api.fast.predict import QuickPredict
from serving.api.schemas.scores import CustomerScore, PredictResponse
from serving.store import Store, create_key, publish
from tests.serving.trained import Folder, Trained


@pytest.fixture
def caller(sqlite_store: Store, trained: Trained) -> Iterator[TestClient]:
    """Return a client of an app with the small model."""
    run = trained.run
    publish(sqlite_store, run.table, context=run.context, model={"version": "1"})
    key = create_key(sqlite_store, name="crm", scopes=["read", "predict"])
    app = create_app(store=sqlite_store, bundles=Folder(trained.folder))
    with TestClient(app, headers={"X-API-Key": key.secret}) as client:
        yield client


def with_events(trained: Trained, customer_id: str) -> dict[str, Any]:
    """Return a customer with its events as JSON."""
    events = trained.events[customer_id]
    joined_at = events.joined_at and events.joined_at.isoformat()
    return {
        "joined_at": joined_at,
        "customer_id": customer_id,
        "transactions": [as_json(row) for row in events.transactions],
        "interactions": [as_json(row) for row in events.interactions],
    }


def as_json(row: Any) -> dict[str, Any]:
    """Return a row with its instants as text."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def test_a_row_is_the_same_in_all_answers(caller: TestClient, trained: Trained) -> None:
    names = sorted(trained.events)
    asked = {"customers": [with_events(trained, name) for name in names]}
    answer = caller.post("/v1/predict", json=asked)
    assert answer.status_code == 200
    PredictResponse.model_validate_json(answer.text, strict=True)
    items = answer.json()["items"]
    for name, item in zip(names, items, strict=True):
        assert item == {
            "status": 200,
            "score": caller.get(f"/v1/customers/{name}").json(),
        }


def test_a_real_score_is_as_the_document_says(caller: TestClient) -> None:
    for row in caller.get("/v1/customers").json()["items"]:
        CustomerScore.model_validate(row)


def test_ids_events_and_faults_may_be_mixed(
    caller: TestClient, trained: Trained
) -> None:
    future = {"occurred_at": "2150-01-01", "amount": 5.0}
    late = {"occurred_at": "2011-12-01", "amount": 5.0}
    asked = [
        with_events(trained, "c003"),
        {"customer_id": "canary"},
        {"customer_id": "c004"},
        {"customer_id": "canary-2", "transactions": [future]},
        {"customer_id": "canary-3", "transactions": [late]},
    ]
    answer = caller.post("/v1/predict", json={"customers": asked})
    items = answer.json()["items"]
    assert [item["status"] for item in items] == [200, 404, 200, 422, 422]
    assert {item["error"]["type"] for item in items[3:]} == {
        "urn:regulars:problem:unscorable"
    }
    assert "canary" not in answer.text
    counted = caller.get("/metrics").text
    assert 'regulars_predictions_total{source="events",status="422"} 2.0' in counted


def test_a_stranger_is_scored_from_its_events(caller: TestClient) -> None:
    rows = [
        {"occurred_at": "2011-06-01T10:00:00+02:00", "amount": 30, "currency": "GBP"},
        {"occurred_at": "2011-08-01", "amount": 20.5, "known_at": None},
    ]
    asked = {"customers": [{"customer_id": "新", "transactions": rows}]}
    (item,) = caller.post("/v1/predict", json=asked).json()["items"]
    assert item["score"]["customer_id"] == "新"
    assert 0.0 <= item["score"]["churn_probability"] <= 1.0
    assert item["score"]["priority"] >= 1


def test_no_interactions_are_the_same_as_an_empty_list(
    caller: TestClient, trained: Trained
) -> None:
    asked = with_events(trained, "c003")
    without = {name: asked[name] for name in asked if name != "interactions"}
    answers = [
        caller.post("/v1/predict", json={"customers": [each]}).json()["items"]
        for each in ({**without, "interactions": []}, without)
    ]
    assert answers[0] == answers[1]
    assert answers[0][0]["status"] == 200


def test_the_quick_way_answers_as_the_ordinary_way_does(
    caller: TestClient, trained: Trained
) -> None:
    future = {"occurred_at": "2150-01-01", "amount": 5.0}
    asked = [
        *({"customers": [with_events(trained, name)]} for name in ("c003", "c004")),
        {"customers": [with_events(trained, "c003"), {"customer_id": "c004"}]},
        {"customers": [{"customer_id": "x", "transactions": [future]}]},
        {"customers": [{"customer_id": "c004"}]},
        {"customers": [{"customer_id": "x", "transactions": []}]},
        {"customers": []},
        [],
    ]
    for body in asked:
        # A media type with a parameter goes the ordinary way.
        sent = json.dumps(body)
        kinds = ("application/json; charset=utf-8", "application/json")
        ordinary, quick = (
            caller.post("/v1/predict", content=sent, headers={"Content-Type": kind})
            for kind in kinds
        )
        assert quick.status_code == ordinary.status_code
        assert same_headers(quick) == same_headers(ordinary)
        told, before = quick.json(), ordinary.json()
        told.pop("request_id", None)
        before.pop("request_id", None)
        assert told == before


def same_headers(answer: Any) -> list[tuple[str, str]]:
    """Return the headers but the request's own name, and what holds it."""
    own = {"x-request-id"}
    return sorted(pair for pair in answer.headers.items() if pair[0] not in own)


@pytest.mark.parametrize(
    ("changed", "is_quick"),
    [
        ({}, True),
        ({"content-type": "text/plain"}, False),
        ({"content-encoding": "gzip"}, False),
        ({"content-length": "100001"}, False),
        ({"x-api-key": "rgl_0"}, False),
    ],
)
def test_what_is_not_plain_is_not_answered_the_quick_way(
    caller: TestClient, trained: Trained, changed: dict[str, str], is_quick: bool
) -> None:
    assert caller.post("/v1/predict", json={"customers": []}).status_code == 422
    body = json.dumps({"customers": [with_events(trained, "c003")]}).encode()
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "x-api-key": caller.headers["x-api-key"],
        **changed,
    }
    app: Any = caller.app
    quick = QuickPredict(app.state.services, route=None, max_bytes=1_000_000)

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def ask() -> QuickAnswer | None:
        scope = {
            "method": "POST",
            "path": "/v1/predict",
            "query_string": b"",
            "headers": [(n.encode(), v.encode()) for n, v in headers.items()],
        }
        found, again = await quick.answer(scope, receive)
        assert (await again())["body"] == body
        return found

    assert (asyncio.run(ask()) is not None) == is_quick


def test_ready_with_a_real_bundle(caller: TestClient) -> None:
    assert caller.get("/readyz").json()["model_version"] == "1"
