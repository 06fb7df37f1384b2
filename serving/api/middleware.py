"""What surrounds every request: its id, its limits, its headers, its record."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.api.metrics import Metrics
from serving.api.problems import problem_response
from serving.errors import INTERNAL, STATUSES

CALLER_ID = re.compile(r"[A-Za-z0-9.-]{8,64}")
"""Request ids taken over from callers; an API key has underscores and never fits."""

SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cache-Control", "private, no-store"),
)
"""Set where the answer does not set its own."""

log = structlog.get_logger()


class Envelope:
    """Name, time, count and log each request; turn what nobody caught into a 500."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["request_id"] = request_id = _request_id(Headers(scope=scope))
        started, answer = time.perf_counter(), _Answer(send, request_id)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, answer.send)
            except Exception:
                log.exception("unhandled error")
                if answer.status is not None:
                    raise
                await problem_response(scope, INTERNAL)(scope, receive, answer.send)
            finally:
                self._record(scope, answer.status, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int | None, seconds: float) -> None:
        """Log and count by the route's pattern: paths hold customers' ids."""
        route = getattr(scope.get("route"), "path_format", "other")
        method, status = scope["method"], status or 0
        self.metrics.count(method, route, status=status, seconds=seconds)
        log.info(
            "request",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            key_id=scope.get("key_id"),
        )


class _Answer:
    """Add headers to the answer and remember its status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self._request_id
            for name, value in SECURITY_HEADERS:
                headers.setdefault(name, value)
        await self._send(message)


class BodyLimit:
    """Refuse long bodies, announced or not, before anything reads them."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced) > self.max_bytes:
            await problem_response(scope, STATUSES[413])(scope, receive, send)
            return
        seen = 0

        async def receive_some() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.max_bytes:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_some, send)


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if CALLER_ID.fullmatch(given) else uuid.uuid4().hex
