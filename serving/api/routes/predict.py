"""Scores asked for now."""

from __future__ import annotations

from asyncio import wrap_future

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from serving.api.answers import json_response
from serving.api.deps import JsonBody, Need, ServicesDep
from serving.api.openapi import RequestBody, problems
from serving.api.predictions import LONG_BODY_BYTES, read_customers, write_prediction
from serving.api.schemas.requests import PredictRequest
from serving.api.schemas.scores import PredictResponse
from serving.queries import collect, predict, submit

router = APIRouter(
    prefix="/v1", tags=["predict"], dependencies=[Depends(Need("predict"))]
)


@router.post(
    "/predict",
    operation_id="predict",
    summary="Score customers now",
    response_model=PredictResponse,
    responses=problems(400, 401, 403, 413, 415, 422, 503),
    openapi_extra=RequestBody(PredictRequest),
)
async def predict_customers(services: ServicesDep, body: JsonBody) -> Response:
    """Score up to 1,000 customers: by id, or with their own events.

    By id, the published score is returned. With transactions (and interactions), the
    customer is scored now from these alone, as of the published run: later events are
    not seen. Answers come in the order of the request, each with its own status.
    Needs the scope `predict`.
    """
    if len(body) > LONG_BODY_BYTES:
        events = await run_in_threadpool(read_customers, body)
    else:
        events = read_customers(body)
    if any(customer.is_fresh for customer in events):
        answers = await wrap_future(submit(services.keeper, events))
        prediction = collect(events, answers)
    else:
        prediction = await run_in_threadpool(predict, services.keeper, events)
    return json_response(write_prediction(events, prediction, services.metrics))
