"""Requests for scores read, and their answers written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from serving.api.answers import json_array, json_object, run_object
from serving.api.bodies import read_body
from serving.api.metrics import Metrics
from serving.api.schemas.requests import CustomerToScore, PredictRequest
from serving.errors import UnscorableError, problem_of
from serving.predict.predict import Answer
from serving.queries import CustomerEvents, Prediction

LONG_BODY_BYTES = 100_000
"""A longer body is read in a thread, so that nobody else waits."""


def read_customers(body: bytes) -> list[CustomerEvents]:
    """Return the customers of a request.

    Raises
    ------
    RequestValidationError
        If the body is no such request.
    """
    return [_as_events(sent) for sent in read_body(PredictRequest, body).customers]


def write_prediction(
    customers: Sequence[CustomerEvents], prediction: Prediction, metrics: Metrics
) -> str:
    """Return the answers as JSON, and count them."""
    items = []
    for customer, answer in zip(customers, prediction.answers, strict=True):
        items.append(write_answer(answer))
        source = "events" if customer.is_fresh else "run"
        status = 200 if isinstance(answer, str) else problem_of(answer).status
        metrics.predictions.labels(source, str(status)).inc()
    return run_object(prediction.run, items=json_array(items))


def write_answer(answer: Answer) -> str:
    """Return the JSON for one customer of many: a score, or what is wrong."""
    if isinstance(answer, str):
        return json_object({"status": "200", "score": answer})
    problem = problem_of(answer)
    own = answer.needed if isinstance(answer, UnscorableError) else ""
    detail = own or problem.detail  # what is needed repeats nothing that was sent
    error = {"type": problem.type, "title": problem.title, "detail": detail}
    return json_object({"status": str(problem.status), "error": json.dumps(error)})


def _as_events(sent: CustomerToScore) -> CustomerEvents:
    return CustomerEvents(
        sent.customer_id,
        transactions=_rows(sent.transactions),
        interactions=_rows(sent.interactions),
        joined_at=sent.joined_at,
        attributes=sent.attributes,
        subscriptions=_rows(sent.subscriptions),
    )


def _rows(events: Any) -> tuple[dict[str, Any], ...]:
    return tuple(
        {name: value for name, value in vars(event).items() if value is not None}
        for event in events or ()
    )
