"""Errors as RFC 9457 problems that never repeat what was sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from features.errors import RegularsError, RuleError
from serving.errors import (
    INTERNAL,
    INVALID,
    STATUSES,
    DefinitionError,
    Problem,
    problem_of,
)

MEDIA_TYPE = "application/problem+json"

MAX_FAULTS = 20
"""Faults listed of one request, so that a bad body is not answered by a longer one."""

CHALLENGES: Mapping[int, str] = MappingProxyType(
    {
        401: 'Bearer realm="regulars"',
        403: 'Bearer realm="regulars", error="insufficient_scope"',
    }
)

UNQUOTED = MappingProxyType(
    {
        "json_invalid": "This is not JSON",
        "extra_forbidden": "There is a field or parameter that is not known here",
    }
)
"""Our words where pydantic's would show the input."""

log = structlog.get_logger()


def install_handlers(app: FastAPI) -> None:
    """Let every error leave as a problem."""
    app.add_exception_handler(RegularsError, on_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def problem_response(
    scope: Scope,
    problem: Problem,
    *,
    faults: Sequence[Mapping[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem with its request id."""
    body: dict[str, Any] = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "request_id": scope.get("request_id", ""),
    }
    if faults is not None:
        body["errors"] = list(faults)
    sent = dict(headers or {})
    if problem.retry_after is not None:
        sent["Retry-After"] = str(problem.retry_after)
    if problem.status in CHALLENGES:
        sent["WWW-Authenticate"] = CHALLENGES[problem.status]
    return Response(
        json.dumps(body, ensure_ascii=False),
        status_code=problem.status,
        headers=sent,
        media_type=MEDIA_TYPE,
    )


async def on_error(request: Request, exc: Exception) -> Response:
    """Answer an error of ours; log those that the operator should see."""
    problem = problem_of(exc)
    if problem.status >= 500:
        log.error("request failed", problem=problem.slug, fault=str(exc))
    return problem_response(request.scope, problem, faults=_told(exc))


def _told(error: Exception) -> list[dict[str, str]] | None:
    """Return where a rule's fault is, without a word of the rule.

    Of definitions the column or class at fault is named: who wrote them needs it.
    """
    if isinstance(error, DefinitionError):
        return [
            {"pointer": f"#/{error.member}/{_escape(name)}", "detail": str(fault)}
            for name, fault in list(error.faults.items())[:MAX_FAULTS]
        ]
    if not isinstance(error, RuleError):
        return None
    place = f"line {error.line}, column {error.column}"
    detail = error.fault or f"At {place}"
    hint = f". {error.todo}" if error.todo.startswith("Did you mean") else ""
    return [{"pointer": "#/filter", "detail": f"{detail}{hint}"}]


async def on_invalid(request: Request, exc: Exception) -> Response:
    """Answer a request that does not pass validation."""
    errors = exc.errors() if isinstance(exc, RequestValidationError) else ()
    return problem_response(request.scope, INVALID, faults=faults_of(errors))


async def on_http(request: Request, exc: Exception) -> Response:
    """Answer what the framework refuses: an unknown address, a wrong method."""
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    headers = exc.headers if isinstance(exc, HTTPException) else None
    problem = STATUSES.get(status, INTERNAL if status >= 500 else STATUSES[400])
    return problem_response(request.scope, problem, headers=headers)


def faults_of(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the first faults: where each is and what is wrong, not what was sent."""
    faults = []
    for error in list(errors)[:MAX_FAULTS]:
        place, *inside = error["loc"]
        if error["type"] == "extra_forbidden":
            inside = inside[:-1]
        if error["type"] == "json_invalid":
            inside = []
        path = inside if place == "body" else [place, *inside]
        faults.append(
            {
                "pointer": "#" + "".join(f"/{_escape(str(part))}" for part in path),
                "detail": UNQUOTED.get(error["type"], error["msg"]),
            }
        )
    return faults


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
