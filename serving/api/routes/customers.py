"""Customers by id and in pages."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from serving.api.answers import json_array, run_object, run_response
from serving.api.deps import Need, ServicesDep
from serving.api.openapi import CACHED, problems
from serving.api.schemas.requests import ListQuery
from serving.api.schemas.scores import CustomerList, CustomerScore
from serving.queries import CustomerFilter, customer, customers

router = APIRouter(
    prefix="/v1/customers", tags=["customers"], dependencies=[Depends(Need("read"))]
)


@router.get(
    "",
    operation_id="listCustomers",
    summary="List customers",
    response_model=CustomerList,
    responses={**CACHED, **problems(400, 401, 403, 410, 422, 503)},
)
def list_customers(
    request: Request, services: ServicesDep, query: Annotated[ListQuery, Query()]
) -> Response:
    """Page through the customers of one run, by tier, risk band or any condition.

    `filter` is a condition on the score's columns, the customer's attributes, what
    stands on the day of the run and `tier_SCHEME`; see docs/rules.md.

    A walk by cursor stays in the run it began in, whatever is published meanwhile.
    Needs the scope `read`.
    """
    wanted = CustomerFilter(
        tiers=tuple(query.tier),
        risk_bands=tuple(query.risk_band),
        rule=query.filter or "",
        sort=query.sort,
    )
    page = customers(services.store, wanted, limit=query.limit, cursor=query.cursor)
    body = run_object(
        page, items=json_array(page.bodies), next_cursor=json.dumps(page.next_cursor)
    )
    return run_response(request, page.stamp, body)


@router.get(
    "/{customer_id:path}",
    operation_id="getCustomer",
    summary="Look a customer up",
    response_model=CustomerScore,
    responses={**CACHED, **problems(400, 401, 403, 404, 503)},
)
def get_customer(
    request: Request,
    services: ServicesDep,
    customer_id: Annotated[str, Path(examples=["12345"])],
) -> Response:
    """Return a customer's score in the published run.

    Needs the scope `read`.
    """
    stored = customer(services.store, customer_id)
    return run_response(request, stored.stamp, stored.body)
