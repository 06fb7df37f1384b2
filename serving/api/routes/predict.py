"""Scores asked for now."""

from __future__ import annotations

import json
from asyncio import wrap_future
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from features.errors import RegularsError
from serving.api.answers import json_array, json_object, json_response, run_object
from serving.api.bodies import read_body
from serving.api.deps import JsonBody, Need, ServicesDep
from serving.api.metrics import Metrics
from serving.api.openapi import body_of, problems
from serving.api.requests import CustomerToScore, PredictRequest
from serving.api.schemas import PredictResponse
from serving.errors import UnscorableError, problem_of
from serving.queries import Asked, collect, foretell, predict

router = APIRouter(
    prefix="/v1", tags=["predict"], dependencies=[Depends(Need("predict"))]
)

LONG = 100_000
"""Bytes of a body from which on a thread reads it, so that nobody else waits."""


@router.post(
    "/predict",
    operation_id="predict",
    summary="Score customers now",
    response_model=PredictResponse,
    responses=problems(400, 401, 403, 413, 415, 422, 503),
    openapi_extra=body_of(PredictRequest),
)
async def predict_customers(services: ServicesDep, body: JsonBody) -> Response:
    """Score up to 1,000 customers: by id, or with their own events.

    By id, the published score is returned. With transactions (and interactions), the
    customer is scored now from these alone, as of the published run: later events are
    not seen. Answers come in the order of the request, each with its own status.
    Needs the scope `predict`.
    """
    if len(body) > LONG:
        asked = await run_in_threadpool(_read, body)
    else:
        asked = _read(body)
    if any(one.is_fresh for one in asked):
        told = await wrap_future(foretell(services.keeper, asked))
        answer = collect(asked, told)
    else:
        answer = await run_in_threadpool(predict, services.keeper, asked)
    items = []
    for one, found in zip(asked, answer.found, strict=True):
        items.append(_item(found))
        _count(services.metrics, one, found)
    return json_response(run_object(answer.run, items=json_array(items)))


def _read(body: bytes) -> list[Asked]:
    return [_asked(one) for one in read_body(PredictRequest, body).customers]


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
    return tuple(event.model_dump(exclude_none=True) for event in events or ())


def _item(found: str | RegularsError) -> str:
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
