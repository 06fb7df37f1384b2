"""What to do: for a customer, and the catalogue it is chosen from."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from serving.api.answers import run_object, run_response
from serving.api.deps import Need, ServicesDep
from serving.api.openapi import CACHED, problems
from serving.api.schemas.actions import ActionCatalogue, ActionList
from serving.queries.actions import (
    CustomerActions,
    RunActions,
    customer_actions,
    run_actions,
)

router = APIRouter(prefix="/v1", tags=["actions"], dependencies=[Depends(Need("read"))])


@router.get(
    "/actions",
    operation_id="listActions",
    summary="List the actions",
    response_model=ActionCatalogue,
    responses={**CACHED, **problems(400, 401, 403, 503)},
)
def get_actions(request: Request, services: ServicesDep) -> Response:
    """Return the catalogue of the published run: terms, rules, how many have each.

    Needs the scope `read`.
    """
    return _answer(request, run_actions(services.store))


@router.get(
    "/customers/{customer_id:path}/actions",
    operation_id="getCustomerActions",
    summary="Say what to do for a customer",
    response_model=ActionList,
    responses={**CACHED, **problems(400, 401, 403, 404, 503)},
)
def get_customer_actions(
    request: Request,
    services: ServicesDep,
    customer_id: Annotated[str, Path(examples=["12345"])],
) -> Response:
    """Return up to three actions, that which is worth most first, with the reasons.

    Nothing is sold while a complaint is open. Needs the scope `read`.
    """
    return _answer(request, customer_actions(services.store, customer_id))


def _answer(request: Request, actions: CustomerActions | RunActions) -> Response:
    run = {"run_id", "as_of", "model_version"}
    members = {
        name: json.dumps(value, ensure_ascii=False)
        for name, value in asdict(actions).items()
        if name not in run
    }
    return run_response(request, actions.run_id, run_object(actions, **members))
