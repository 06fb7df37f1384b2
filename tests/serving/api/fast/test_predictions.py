"""Tests of the fast path of scores asked for now: it answers as the app does."""

import asyncio
import json
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from serving.api.fast.plain import FastAnswer
from serving.api.fast.predictions import FastPredictions
from tests.serving.api.test_predict_events import caller, with_events
from tests.serving.trained import Trained

__all__ = ["caller"]  # a fixture


def test_the_fast_path_answers_as_the_app_does(
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
        # A media type with a parameter is left to the app.
        sent = json.dumps(body)
        kinds = ("application/json; charset=utf-8", "application/json")
        by_app, fast = (
            caller.post("/v1/predict", content=sent, headers={"Content-Type": kind})
            for kind in kinds
        )
        assert fast.status_code == by_app.status_code
        assert same_headers(fast) == same_headers(by_app)
        answer, expected = fast.json(), by_app.json()
        answer.pop("request_id", None)
        expected.pop("request_id", None)
        assert answer == expected


def same_headers(answer: Any) -> list[tuple[str, str]]:
    """Return the headers but the request's own name, and what holds it."""
    own = {"x-request-id"}
    return sorted(pair for pair in answer.headers.items() if pair[0] not in own)


@pytest.mark.parametrize(
    ("changed", "is_fast"),
    [
        ({}, True),
        ({"content-type": "text/plain"}, False),
        ({"content-encoding": "gzip"}, False),
        ({"content-length": "100001"}, False),
        ({"x-api-key": "rgl_0"}, False),
    ],
)
def test_what_is_not_plain_is_left_to_the_app(
    caller: TestClient, trained: Trained, changed: dict[str, str], is_fast: bool
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
    fast = FastPredictions(app.state.services, max_bytes=1_000_000)

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def ask() -> FastAnswer | None:
        scope = {
            "method": "POST",
            "path": "/v1/predict",
            "query_string": b"",
            "headers": [(n.encode(), v.encode()) for n, v in headers.items()],
        }
        answer, again = await fast.answer(scope, receive)
        assert (await again())["body"] == body
        return answer

    assert (asyncio.run(ask()) is not None) == is_fast
