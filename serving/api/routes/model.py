"""The model behind the scores."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse, Response

from serving.api.answers import is_known, json_response, run_object, run_response
from serving.api.deps import Need, ServicesDep
from serving.api.openapi import CACHED, problems
from serving.api.pages import PAGE_CSP, render_card
from serving.api.schemas.card import ModelCard
from serving.api.schemas.scores import ModelInfo
from serving.queries import Run, model
from serving.store.json.by_row import rfc3339

router = APIRouter(prefix="/v1", tags=["model"], dependencies=[Depends(Need("read"))])

CARD: dict[int | str, dict[str, Any]] = {
    **CACHED,
    200: {**CACHED[200], "content": {"text/html": {"schema": {"type": "string"}}}},
}
PAGE = {"Content-Security-Policy": PAGE_CSP}


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
    return run_response(request, run.stamp, body)


@router.get(
    "/model/card",
    operation_id="getModelCard",
    summary="Show the model card",
    response_model=ModelCard,
    responses={**CARD, **problems(400, 401, 403, 422, 503)},
)
def get_card(
    request: Request,
    services: ServicesDep,
    format: Annotated[
        Literal["json", "html"] | None,
        Query(description="By default what `Accept` prefers, JSON or HTML."),
    ] = None,
) -> Response:
    """Return what there is to know of the model that scored the published run.

    Data, snapshots, holdout and baselines, grade in words, reliability, slices,
    drivers and limits: as JSON, or as a page with `Accept: text/html` or
    `?format=html`. Needs the scope `read`.
    """
    run = model(services.store)
    wanted = format or preferred(request.headers.get("accept", ""))
    headers = {"ETag": f'"{run.run_id}-{wanted}"', "Vary": "Accept"}
    if is_known(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if wanted == "html":
        page = render_card({**run.model, "version": run.model_version})
        return HTMLResponse(page, headers={**headers, **PAGE})
    return json_response(_card(run), headers=headers)


def preferred(accept: str) -> Literal["json", "html"]:
    """Return what an Accept header prefers; JSON where it does not say.

    >>> preferred("text/html,application/xhtml+xml,*/*;q=0.8")
    'html'
    >>> preferred("application/json, text/html;q=0.5"), preferred("*/*")
    ('json', 'json')
    """
    weights = {"text/html": 0.0, "application/json": 0.0}
    for part in accept.split(","):
        name, _, options = part.partition(";")
        if name.strip().lower() in weights:
            weights[name.strip().lower()] = _weight(options)
    return "html" if weights["text/html"] > weights["application/json"] else "json"


def _weight(options: str) -> float:
    """Return the q of a media range, 1 where it has none, 0 where it is no number."""
    for option in options.split(";"):
        name, _, value = option.partition("=")
        if name.strip().lower() == "q":
            text = value.strip()
            return float(text) if text.replace(".", "", 1).isdecimal() else 0.0
    return 1.0


def _card(run: Run) -> str:
    return run_object(run, card=json.dumps(run.model, ensure_ascii=False))
