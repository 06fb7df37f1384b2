"""The OpenAPI document: FastAPI's, with our problems, bodies and headers."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving.api.schemas.scores import ProblemBody

TITLE = "Regulars"
VERSION = version("regulars")
"""That of the package. The ``v1`` of the paths changes only when clients have to."""

DESCRIPTION = """\
Which customers matter most, which are about to leave, what each will be worth, why,
and what to do next.

Send an API key as `Authorization: Bearer rgl_...` or `X-API-Key: rgl_...`. Errors are
RFC 9457 problems (`application/problem+json`); branch on `type`.
"""

REF = "#/components/schemas/{model}"

MEANINGS = {
    400: "The request cannot be read, or an API key is in the address",
    401: "No valid API key",
    403: "The API key lacks the scope",
    404: "There is none of the kind; `type` says of which",
    409: "The name is taken, or the list is not one of the API",
    410: "The run of the cursor is no longer kept",
    413: "The body is too large",
    415: "The body is not plain JSON",
    422: "The request is not valid; `errors` says where",
    500: "Something went wrong here; the log has the details",
    503: "Not ready, or the store cannot be reached; see Retry-After",
}

CACHED: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "ETag": {"description": "The run.", "schema": {"type": "string"}},
        }
    },
    304: {"description": "If-None-Match named the run: nothing has changed"},
}
"""The answers of addresses that change only with the published run."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the problem responses of an operation; 500 is always one."""
    schema = {"$ref": REF.format(model="Problem")}
    content = {"application/problem+json": {"schema": schema}}
    return {
        status: {"description": MEANINGS[status], "content": content}
        for status in (*statuses, 500)
    }


class RequestBody(dict[str, Any]):
    """The ``openapi_extra`` of a route that reads its body itself.

    Parameters
    ----------
    model : type of BaseModel
        What the body has to be; its schema becomes part of the document.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        schema = {"$ref": REF.format(model=model.__name__)}
        content = {"application/json": {"schema": schema}}
        super().__init__(requestBody={"required": True, "content": content})
        self.model = model


class DescribedApi(FastAPI):
    """An app that describes itself with our additions."""

    def openapi(self) -> dict[str, Any]:
        """Return the document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = build_openapi(self)
        return self.openapi_schema


def build_openapi(app: FastAPI) -> dict[str, Any]:
    """Return FastAPI's document with what it does not know of."""
    document = get_openapi(
        title=TITLE, version=VERSION, description=DESCRIPTION, routes=app.routes
    )
    _, extra = models_json_schema(
        [
            *((model, "validation") for model in request_models(app)),
            (ProblemBody, "serialization"),
        ],
        ref_template=REF,
    )
    schemas = document["components"]["schemas"]
    for name, schema in extra["$defs"].items():
        schemas.setdefault(schema.get("title", name), schema)
    _forget_validation_errors(document)
    return document


def request_models(app: FastAPI) -> list[type[BaseModel]]:
    """Return the models of the bodies that routes read themselves, each once."""
    extras = (
        getattr(context.original_route, "openapi_extra", None)
        for context in iter_route_contexts(app.routes)
    )
    bodies = (extra.model for extra in extras if isinstance(extra, RequestBody))
    return list(dict.fromkeys(bodies))


def _forget_validation_errors(document: dict[str, Any]) -> None:
    """Drop FastAPI's own 422, which it adds to whatever has a parameter."""
    for methods in document["paths"].values():
        for operation in methods.values():
            if "application/json" in _content(operation, "422"):
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)


def _content(operation: dict[str, Any], status: str) -> dict[str, Any]:
    content: dict[str, Any] = operation["responses"].get(status, {}).get("content", {})
    return content
