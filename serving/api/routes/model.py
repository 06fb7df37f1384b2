"""The model behind the scores."""

from __future__ import annotations

import json

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from serving.api.answers import run_object, run_response
from serving.api.deps import Need, ServicesDep
from serving.api.openapi import CACHED, problems
from serving.api.schemas import ModelInfo
from serving.queries import model
from serving.store.bodies import rfc3339

router = APIRouter(prefix="/v1", tags=["model"], dependencies=[Depends(Need("read"))])


@router.get(
    "/model",
    operation_id="getModel",
    summary="Describe the model in service",
    response_model=ModelInfo,
    responses={**CACHED, **problems(400, 401, 403, 503)},
)
def get_model(request: Request, services: ServicesDep) -> Response:
    """Return the published run and what training recorded of its model.

    Needs the scope `read`.
    """
    run = model(services.store)
    body = run_object(
        run,
        published_at=json.dumps(rfc3339(run.published_at)),
        n_customers=json.dumps(run.n_customers),
        currency=json.dumps(run.context.get("currency")),
        model=json.dumps(run.model, ensure_ascii=False),
    )
    return run_response(request, run.run_id, body)
