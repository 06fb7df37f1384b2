"""Scores asked for now."""

from __future__ import annotations

from asyncio import wrap_future

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from serving.api.answers import json_response
from serving.api.deps import JsonBody, Need, ServicesDep
from serving.api.openapi import body_of, problems
from serving.api.predictions import LONG, read_asked, write_prediction
from serving.api.schemas.requests import PredictRequest
from serving.api.schemas.scores import PredictResponse
from serving.queries import collect, foretell, predict

router = APIRouter(
    prefix="/v1", tags=["predict"], dependencies=[Depends(Need("predict"))]
)


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
        asked = await run_in_threadpool(read_asked, body)
    else:
        asked = read_asked(body)
    if any(one.is_fresh for one in asked):
        told = await wrap_future(foretell(services.keeper, asked))
        answer = collect(asked, told)
    else:
        answer = await run_in_threadpool(predict, services.keeper, asked)
    return json_response(write_prediction(asked, answer, services.metrics))


PREDICT = router.routes[-1]
"""The route of scores asked for now, that ``serving.api.fast.predict`` goes around."""
