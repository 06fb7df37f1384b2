"""Tests of what surrounds every request."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from serving.api.app import create_app
from serving.api.settings import ApiSettings
from serving.store import Store
from tests.serving.samples import Shelf


def test_every_answer_names_its_request(client: TestClient) -> None:
    for url in ("/healthz", "/nowhere", "/v1/model", "/docs"):
        answer = client.get(url)
        name = answer.headers["x-request-id"]
        assert len(name) == 32
        if answer.status_code >= 400:
            assert answer.json()["request_id"] == name


def test_a_caller_may_name_the_request(client: TestClient) -> None:
    given = "7b0e5d2c-7f4e-4f0e-9d6d-0c1b2a3f4e5d"
    answer = client.get("/v1/model", headers={"X-Request-ID": given})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == given


@pytest.mark.parametrize("given", ["short", "x" * 65, "a b c d e f g", "rgl_12345678"])
def test_a_name_that_spoils_a_log_is_replaced(client: TestClient, given: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": given})
    assert answer.headers["x-request-id"] != given


def test_every_answer_has_the_security_headers(client: TestClient) -> None:
    for url in ("/healthz", "/nowhere", "/v1/model", "/openapi.json"):
        headers = client.get(url).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] == "private, no-store"


def test_a_long_body_is_refused_before_it_is_read(reader: TestClient) -> None:
    answer = reader.post("/v1/predict", content=b"x" * 1_000_001)
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:regulars:problem:too-large"


def test_a_long_body_that_is_not_announced_is_refused(
    published_store: Store, reader: TestClient
) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(12):
            yield b" " * 100_000

    sent = {"Content-Type": "application/json"}
    answer = reader.post("/v1/predict", content=chunks(), headers=sent)
    assert answer.status_code == 413
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_the_limit_is_a_setting(published_store: Store) -> None:
    settings = ApiSettings(max_body_bytes=10)
    app = create_app(store=published_store, scorers=Shelf(), settings=settings)
    answer = TestClient(app).post("/v1/predict", content=b"x" * 11)
    assert answer.status_code == 413


def test_what_nobody_foresaw_is_a_500_without_details(published_store: Store) -> None:
    app = create_app(store=published_store, scorers=Shelf())

    @app.get("/fails")
    def fail() -> None:
        raise ZeroDivisionError("canary")

    with capture_logs() as logs:
        answer = TestClient(app, raise_server_exceptions=False).get("/fails")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "canary" not in answer.text
    assert "x-content-type-options" in answer.headers
    (logged,) = [entry for entry in logs if entry["event"] == "unhandled error"]
    assert logged["exc_info"]


def test_the_log_knows_the_route_and_not_the_customer(reader: TestClient) -> None:
    with capture_logs() as logs:
        reader.get("/v1/customers/c00003?canary=1")
    (entry,) = logs
    assert entry["route"] == "/v1/customers/{customer_id}"
    assert (entry["method"], entry["status"]) == ("GET", 200)
    assert "c00003" not in repr(logs)
    assert "canary" not in repr(logs)


def requests_by_route(client: TestClient) -> dict[str, float]:
    """Return how many requests each route has answered."""
    app: Any = client.app
    counted = app.state.services.metrics.registry.collect()
    return {
        sample.labels["route"]: sample.value
        for metric in counted
        for sample in metric.samples
        if sample.name == "regulars_requests_total"
    }


def test_strange_addresses_and_methods_make_no_new_counters(
    client: TestClient,
) -> None:
    for number in range(20):
        client.get(f"/nowhere/{number}")
        client.request(f"VERB{number}", "/healthz")
    assert requests_by_route(client) == {"other": 20, "/healthz": 20}
