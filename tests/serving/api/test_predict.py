"""Tests of POST /v1/predict: what is asked, and answers by id."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from serving.api.schemas.requests import EXAMPLE, PredictRequest
from serving.api.schemas.scores import PredictResponse
from serving.store import Publication, Store, publish
from tests.serving.samples import Shelf, context, described, scored

PURCHASE = {"occurred_at": "2011-11-30T15:40:00Z", "amount": 10.5}


def one(**changes: Any) -> dict[str, Any]:
    """Return a request for one customer with events."""
    customer = {"customer_id": "new", "transactions": [PURCHASE]}
    return {"customers": [customer | changes]}


def line(**changes: Any) -> dict[str, Any]:
    """Return a request for one customer with one purchase, changed."""
    return one(transactions=[PURCHASE | changes])


def test_by_id_the_published_score_is_returned(reader: TestClient) -> None:
    ids = ["c00007", "nobody", "c00002"]
    asked = {"customers": [{"customer_id": name} for name in ids]}
    answer = reader.post("/v1/predict", json=asked)
    assert answer.status_code == 200
    body = answer.json()
    assert [item["status"] for item in body["items"]] == [200, 404, 200]
    for name, item in zip(ids, body["items"], strict=True):
        if item["status"] == 200:
            assert item["score"] == reader.get(f"/v1/customers/{name}").json()
    assert body["items"][1]["error"]["type"] == "urn:regulars:problem:unknown-customer"
    assert "nobody" not in answer.text
    assert body["run_id"] == reader.get("/v1/model").json()["run_id"]
    PredictResponse.model_validate_json(answer.text, strict=True)


def test_ids_need_no_bundle(
    reader: TestClient, published_store: Store, shelf: Shelf
) -> None:
    shelf.spoilt = {"1", "2"}
    table = scored(3, model_version="2")
    publish(
        published_store, Publication(table, context=context(), model=described("2"))
    )
    asked = {"customers": [{"customer_id": "c00001"}]}
    assert reader.post("/v1/predict", json=asked).json()["items"][0]["status"] == 200


def test_a_thousand_customers_may_be_asked_for_at_once(reader: TestClient) -> None:
    names = [{"customer_id": f"c{number:05}"} for number in range(1001)]
    answer = reader.post("/v1/predict", json={"customers": names[:1000]})
    assert len(answer.json()["items"]) == 1000
    answer = reader.post("/v1/predict", json={"customers": names})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/customers"),
        ({"customers": []}, "#/customers"),
        ({"customers": [{}]}, "#/customers/0/customer_id"),
        ({"customers": [{"customer_id": 7}]}, "#/customers/0/customer_id"),
        ({"customers": [{"customer_id": ""}]}, "#/customers/0/customer_id"),
        ({"customers": [{"customer_id": "canary\0"}]}, "#/customers/0/customer_id"),
        ({"customers": [{"customer_id": "canary" * 50}]}, "#/customers/0/customer_id"),
        ({"customers": [{"customer_id": "a", "canary": 1}]}, "#/customers/0"),
        ({"customers": [{"customer_id": "canary"}] * 2}, "#/customers"),
        ({"customers": [], "canary": 1}, "#"),
        (one(transactions=[]), "#/customers/0/transactions"),
        (one(transactions={"canary": 1}), "#/customers/0/transactions"),
        (
            one(transactions=None, interactions=[{**PURCHASE, "type": "canary"}]),
            "#/customers/0/interactions/0",
        ),
        (
            {
                "customers": [
                    {
                        "customer_id": "a",
                        "interactions": [{"occurred_at": "2011-01-01", "type": "call"}],
                    }
                ]
            },
            "#/customers/0",
        ),
        (line(amount="canary"), "#/customers/0/transactions/0/amount"),
        (line(amount=True), "#/customers/0/transactions/0/amount"),
        (line(amount="12.5"), "#/customers/0/transactions/0/amount"),
        (line(amount=1e13), "#/customers/0/transactions/0/amount"),
        (line(amount=None), "#/customers/0/transactions/0/amount"),
        (line(occurred_at=1322667600), "#/customers/0/transactions/0/occurred_at"),
        (line(occurred_at="1322667600"), "#/customers/0/transactions/0/occurred_at"),
        (line(occurred_at="canary"), "#/customers/0/transactions/0/occurred_at"),
        (line(occurred_at="1969-12-31"), "#/customers/0/transactions/0/occurred_at"),
        (line(occurred_at="2999-12-31"), "#/customers/0/transactions/0/occurred_at"),
        (line(occurred_at="2011-02-29"), "#/customers/0/transactions/0/occurred_at"),
        (line(known_at="canary"), "#/customers/0/transactions/0/known_at"),
        (line(product_id="canary\0"), "#/customers/0/transactions/0/product_id"),
        (line(canary=1), "#/customers/0/transactions/0"),
    ],
)
def test_a_fault_is_pointed_at_and_not_repeated(
    reader: TestClient, body: dict[str, Any], pointer: str
) -> None:
    answer = reader.post("/v1/predict", json=body)
    assert answer.status_code == 422
    assert pointer in [fault["pointer"] for fault in answer.json()["errors"]]
    assert "canary" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"canary",
        b'{"customers":',
        b'{"customers": [{"customer_id": "\\ud800canary"}]}',
        b'{"customers": "\xff"}',
        b"[" * 100_000,
        json.dumps(line(amount=0)).replace("0}", "NaN}").encode(),
        json.dumps(line(amount=0)).replace("0}", "-Infinity}").encode(),
        json.dumps(line(amount=0)).replace("0}", "1e400}").encode(),
        json.dumps(line(amount=0)).replace("0}", "9" * 5000 + "}").encode(),
    ],
)
def test_what_is_not_json_or_not_finite_is_refused(
    reader: TestClient, body: bytes
) -> None:
    sent = {"Content-Type": "application/json"}
    answer = reader.post("/v1/predict", content=body, headers=sent)
    assert answer.status_code == 422
    assert len(answer.content) < 2_000
    assert "canary" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_only_plain_json_is_read(reader: TestClient, headers: dict[str, str]) -> None:
    answer = reader.post("/v1/predict", content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert answer.json()["type"] == "urn:regulars:problem:unsupported-media-type"


def test_a_body_full_of_faults_is_not_answered_by_a_longer_one(
    reader: TestClient,
) -> None:
    lines = [{"occurred_at": "canary", "amount": "canary"}] * 5_000
    answer = reader.post("/v1/predict", json=one(transactions=lines))
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 20


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2011-12-01", "2011-12-01T00:00:00+00:00"),
        ("2011-12-01T10:20", "2011-12-01T10:20:00+00:00"),
        ("2011-12-01 10:20:30", "2011-12-01T10:20:30+00:00"),
        ("2011-12-01T10:20:30.5Z", "2011-12-01T10:20:30.500000+00:00"),
        ("2011-12-01t10:20:30z", "2011-12-01T10:20:30+00:00"),
        ("2011-12-01T10:20:30+08:00", "2011-12-01T02:20:30+00:00"),
    ],
)
def test_instants_are_read_as_utc(written: str, meant: str) -> None:
    request = PredictRequest.model_validate_json(json.dumps(line(occurred_at=written)))
    (customer,) = request.customers
    assert customer.transactions is not None
    assert customer.transactions[0].occurred_at.isoformat() == meant


def test_the_example_of_the_document_can_be_sent(reader: TestClient) -> None:
    by_id = {"customers": EXAMPLE["customers"][:1]}
    assert reader.post("/v1/predict", json=by_id).status_code == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["customers", "customer_id", "transactions", "amount"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(JSON)
def test_no_body_makes_it_fail(reader: TestClient, body: Any) -> None:
    sent = {"Content-Type": "application/json"}
    text = json.dumps(body)
    answer = reader.post("/v1/predict", content=text, headers=sent)
    assert answer.status_code in {200, 422}


def test_predictions_are_counted(reader: TestClient) -> None:
    asked = {"customers": [{"customer_id": "c00001"}, {"customer_id": "nobody"}]}
    reader.post("/v1/predict", json=asked)
    counted = reader.get("/metrics").text
    assert 'regulars_predictions_total{source="run",status="200"} 1.0' in counted
    assert 'regulars_predictions_total{source="run",status="404"} 1.0' in counted
