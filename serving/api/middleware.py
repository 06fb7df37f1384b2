"""What surrounds every request: its id, its limits, its headers, its record."""

from __future__ import annotations

import re
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from operator import is_not
from typing import Any

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.api.fast.look_up import QuickAnswer
from serving.api.metrics import Metrics
from serving.api.problems import problem_response
from serving.errors import INTERNAL, STATUSES

CALLER_ID = re.compile(r"[A-Za-z0-9.-]{8,64}")
"""Request ids taken over from callers; an API key has underscores and never fits."""

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"private, no-store"),
)
"""Set where the answer does not set its own."""

Quick = Callable[[Scope], QuickAnswer | None]
QuickPost = Callable[[Scope, Receive], Awaitable[tuple[QuickAnswer | None, Receive]]]

log = structlog.get_logger()


async def _no_answer(
    scope: Scope, receive: Receive
) -> tuple[QuickAnswer | None, Receive]:
    return None, receive


class _Bound:
    """The log, bound once: to bind it takes as long as to write a line.

    It is bound again where logs are configured anew, or go elsewhere.
    """

    def __init__(self) -> None:
        self._seen: tuple[Any, ...] = ()
        self._log: Any = None

    def get(self) -> Any:
        """Return it."""
        now = (*structlog.get_config().values(), sys.stderr)
        if len(now) != len(self._seen) or any(map(is_not, now, self._seen)):
            self._seen, self._log = now, log.bind()
        return self._log


class Envelope:
    """Name, time, count and log each request; turn what nobody caught into a 500.

    Parameters
    ----------
    app : ASGI app
    metrics : Metrics
    quick : callable
        Gives answers that need nothing of ``app``, None where there is none.
    quick_post : callable
        The same for requests with a body.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        quick: Quick = lambda scope: None,
        quick_post: QuickPost = _no_answer,
    ) -> None:
        self.app = app
        self.metrics = metrics
        self.quick = quick
        self.quick_post = quick_post
        self._log = _Bound()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        scope["request_id"] = request_id = _request_id(scope["headers"])
        answer = _Answer(send, request_id)
        try:
            found = self.quick(scope)
            if found is not None:
                await _send_quick(found, answer)
            else:
                await self._pass_on(scope, receive, answer)
        finally:
            self._record(scope, answer.status, time.perf_counter() - started)

    async def _pass_on(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        """Let the app answer."""
        with structlog.contextvars.bound_contextvars(request_id=answer.request_id):
            try:
                found, receive = await self.quick_post(scope, receive)
                if found is not None:
                    await _send_quick(found, answer)
                else:
                    await self.app(scope, receive, answer.send)
            except Exception:
                log.exception("unhandled error")
                if answer.status is not None:
                    raise
                await problem_response(scope, INTERNAL)(scope, receive, answer.send)

    def _record(self, scope: Scope, status: int | None, seconds: float) -> None:
        """Log and count by the route's pattern: paths hold customers' ids."""
        route = getattr(scope.get("route"), "path_format", "other")
        method, status = scope["method"], status or 0
        self.metrics.count(method, route, status=status, seconds=seconds)
        self._log.get().info(
            "request",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            key_id=scope.get("key_id"),
            request_id=scope["request_id"],
        )


class _Answer:
    """Add headers to the answer and remember its status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message["headers"]
            names = {name for name, _ in headers}
            own = (b"x-request-id", self.request_id.encode("latin-1"))
            more = [pair for pair in SECURITY_HEADERS if pair[0] not in names]
            message["headers"] = [*headers, own, *more]
        await self._send(message)


async def _send_quick(found: QuickAnswer, answer: _Answer) -> None:
    start = {"type": "http.response.start", "status": 200, "headers": found.headers}
    await answer.send(start)
    await answer.send({"type": "http.response.body", "body": found.body})


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


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"x-request-id":
            given = value.decode("latin-1")
            return given if CALLER_ID.fullmatch(given) else secrets.token_hex(16)
    return secrets.token_hex(16)
