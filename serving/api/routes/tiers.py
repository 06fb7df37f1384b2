"""Tier schemes: their terms, how customers moved, and decisions by hand."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from serving.api.answers import json_response, run_object, run_response
from serving.api.bodies import read_body
from serving.api.deps import JsonBody, Need, ServicesDep
from serving.api.openapi import CACHED, RequestBody, problems
from serving.api.schemas.requests import SchemesRequest
from serving.api.schemas.tiers import SchemeList, SchemesWritten, TransitionMatrix
from serving.queries import model
from serving.queries.definitions import save_schemes, stored_scheme_faults
from serving.queries.transitions import Transitions, transitions
from serving.store.decisions import read_written

router = APIRouter(prefix="/v1/tiers", tags=["tiers"])
READ = [Depends(Need("read"))]


@router.get(
    "",
    operation_id="listSchemes",
    summary="List the tier schemes",
    response_model=SchemeList,
    responses={**CACHED, **problems(400, 401, 403, 503)},
    dependencies=READ,
)
def list_schemes(services: ServicesDep) -> Response:
    """Return each scheme's terms, its cuts in the published run, and its movement.

    `written` are schemes that came over the API; the next run takes them. `faults` says
    what is wrong with one of them by now; a scheme with a `fault` put nobody anywhere.
    Needs the scope `read`.
    """
    run = model(services.store)
    body = run_object(
        run,
        primary=json.dumps(run.context.get("primary", "abc")),
        schemes=json.dumps(run.context.get("schemes", {}), ensure_ascii=False),
        written=json.dumps(read_written(services.store), ensure_ascii=False),
        faults=json.dumps(stored_scheme_faults(services.store), ensure_ascii=False),
    )
    return json_response(body)


@router.put(
    "",
    operation_id="putSchemes",
    summary="Write tier schemes",
    response_model=SchemesWritten,
    responses=problems(400, 401, 403, 413, 415, 422, 503),
    openapi_extra=RequestBody(SchemesRequest),
    dependencies=[Depends(Need("admin"))],
)
def put_schemes(request: Request, services: ServicesDep, body: JsonBody) -> Response:
    """Put schemes in the place of those that came over the API before.

    They are checked now, by the columns of the published run, and hold from the next
    run on, before those of the file. One that has become wrong by then is left out, and
    `faults` of `GET /v1/tiers` says why. Needs the scope `admin`.
    """
    sent = read_body(SchemesRequest, body)
    save_schemes(services.store, sent.schemes, who=request.scope["key_id"])
    return json_response(json.dumps({"written": sent.schemes}, ensure_ascii=False))


@router.get(
    "/{scheme}/transitions",
    operation_id="getTransitions",
    summary="Count the moves between two runs",
    response_model=TransitionMatrix,
    responses={**CACHED, **problems(400, 401, 403, 404, 422, 503)},
    dependencies=READ,
)
def get_transitions(
    request: Request,
    services: ServicesDep,
    scheme: str,
    start: Annotated[
        str | None, Query(alias="from", description="A run; the one before `to`.")
    ] = None,
    end: Annotated[
        str | None, Query(alias="to", description="A run; the published one.")
    ] = None,
) -> Response:
    """Return class before by class after, for two runs that are kept.

    `null` stands for customers who were not in a run. Needs the scope `read`.
    """
    moves = transitions(services.store, scheme, start=start, end=end)
    body = run_object(moves.end, **_members(scheme, moves))
    etag = f"{moves.start.stamp}-{moves.end.stamp}"
    return run_response(request, etag, body)


def _members(scheme: str, moves: Transitions) -> dict[str, str]:
    counts: list[dict[str, Any]] = [
        {"before": before, "after": after, "n_customers": n}
        for (before, after), n in sorted(
            moves.counts.items(), key=lambda pair: tuple(x or "" for x in pair[0])
        )
    ]
    members = {
        "scheme": scheme,
        "from": moves.start.run_id,
        "to": moves.end.run_id,
        "classes": list(moves.classes),
        "moves": counts,
    }
    return {name: json.dumps(value) for name, value in members.items()}
