"""Requests for scores read, and their answers written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from features.errors import RegularsError
from serving.api.answers import json_array, json_object, run_object
from serving.api.bodies import read_body
from serving.api.metrics import Metrics
from serving.api.schemas.requests import CustomerToScore, PredictRequest
from serving.errors import UnscorableError, problem_of
from serving.queries import Asked, Prediction

LONG = 100_000
"""Bytes of a body from which on a thread reads it, so that nobody else waits."""


def read_asked(body: bytes) -> list[Asked]:
    """Return who is asked for.

    Raises
    ------
    RequestValidationError
        If the body is no such request.
    """
    return [_asked(one) for one in read_body(PredictRequest, body).customers]


def write_prediction(
    asked: Sequence[Asked], prediction: Prediction, metrics: Metrics
) -> str:
    """Return the answer as JSON, and count it."""
    items = []
    for one, found in zip(asked, prediction.found, strict=True):
        items.append(answer_one(found))
        _count(metrics, one, found)
    return run_object(prediction.run, items=json_array(items))


def _asked(one: CustomerToScore) -> Asked:
    return Asked(
        one.customer_id,
        transactions=_events(one.transactions),
        interactions=_events(one.interactions),
        joined_at=one.joined_at,
        attributes=one.attributes,
        subscriptions=_events(one.subscriptions),
    )


def _events(events: Any) -> tuple[dict[str, Any], ...]:
    return tuple(
        {name: value for name, value in vars(event).items() if value is not None}
        for event in events or ()
    )


def answer_one(found: str | RegularsError) -> str:
    """Write what is answered for one customer of many: a score, or what is wrong."""
    if isinstance(found, str):
        return json_object({"status": "200", "score": found})
    problem = problem_of(found)
    own = found.needed if isinstance(found, UnscorableError) else ""
    detail = own or problem.detail  # what is needed repeats nothing that was sent
    error = {"type": problem.type, "title": problem.title, "detail": detail}
    return json_object({"status": str(problem.status), "error": json.dumps(error)})


def _count(metrics: Metrics, one: Asked, found: str | RegularsError) -> None:
    source = "events" if one.is_fresh else "run"
    status = 200 if isinstance(found, str) else problem_of(found).status
    metrics.predictions.labels(source, str(status)).inc()
