"""A customer over time, and what people decide about it."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from models.tiers import ManualOverride
from serving.api.answers import json_response
from serving.api.bodies import read_body
from serving.api.deps import JsonBody, Need, ServicesDep
from serving.api.openapi import RequestBody, problems
from serving.api.schemas.requests import OverrideRequest
from serving.api.schemas.tiers import CustomerHistory, OverrideTaken
from serving.queries.tiers import history, overrides_of
from serving.runs.decide import override
from serving.store.json.by_row import rfc3339

router = APIRouter(prefix="/v1/customers", tags=["tiers"])
CustomerId = Annotated[str, Path(examples=["12345"])]


@router.get(
    "/{customer_id:path}/history",
    operation_id="getHistory",
    summary="Show a customer over time",
    response_model=CustomerHistory,
    responses=problems(400, 401, 403, 404, 503),
    dependencies=[Depends(Need("read"))],
)
def get_history(services: ServicesDep, customer_id: CustomerId) -> Response:
    """Return the customer's score and classes in every run that is kept, newest first.

    Each class says since when it holds, what it was before and what decided, where
    that is not the scheme's own terms. Needs the scope `read`.
    """
    body = {
        "customer_id": customer_id,
        "items": history(services.store, customer_id),
        "overrides": overrides_of(services.store, customer_id),
    }
    return json_response(json.dumps(body, default=_plain, ensure_ascii=False))


@router.post(
    "/{customer_id:path}/override",
    operation_id="overrideTier",
    summary="Set a customer's class by hand",
    status_code=201,
    response_model=OverrideTaken,
    responses=problems(400, 401, 403, 404, 413, 415, 422, 503),
    openapi_extra=RequestBody(OverrideRequest),
    dependencies=[Depends(Need("admin"))],
)
def post_override(
    services: ServicesDep, customer_id: CustomerId, body: JsonBody
) -> Response:
    """Put a customer into a class of a scheme, from now until a day.

    The published score, the history and lists that name a tier say so at once; reports
    and actions follow with the next run. Who decided and why are kept. It takes the
    place of an earlier decision on the same scheme; one that ends in the past ends it.
    Needs the scope `admin`.
    """
    sent = read_body(OverrideRequest, body)
    decided = ManualOverride(
        customer_id=customer_id,
        scheme=sent.scheme,
        tier=sent.tier,
        who=sent.who,
        why=sent.why,
        until=sent.until,
    )
    override(services.store, decided)
    decision = {**decided.to_dict(), "until": rfc3339(decided.until)}
    answer = json_response(json.dumps(decision, ensure_ascii=False))
    answer.status_code = 201
    return answer


def _plain(value: Any) -> str:
    return rfc3339(value)
