"""Tests of POST /v1/predict with events, with a real model."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.api.app import create_app
from serving.api.schemas.scores import CustomerScore, PredictResponse
from serving.predict.bundle_scorers import BundleScorers
from serving.store import Publication, Store, create_key, publish
from tests.serving.trained import Folder, Trained


@pytest.fixture
def caller(sqlite_store: Store, trained: Trained) -> Iterator[TestClient]:
    """Return a client of an app with the small model."""
    run = trained.run
    publish(
        sqlite_store,
        Publication(run.table, context=run.context, model={"version": "1"}),
    )
    key = create_key(sqlite_store, name="crm", scopes=["read", "predict"])
    app = create_app(store=sqlite_store, scorers=BundleScorers(Folder(trained.folder)))
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


def test_ready_with_a_real_bundle(caller: TestClient) -> None:
    assert caller.get("/readyz").json()["model_version"] == "1"
