"""What surrounds every request: its id, its limits, its headers, its record."""

from __future__ import annotations

import time

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.api.problems import problem_response
from serving.api.records import Answer, Recorder, choose_request_id
from serving.errors import INTERNAL, STATUSES

log = structlog.get_logger()


class Envelope:
    """Name, time, count and log each request; turn what nobody caught into a 500.

    Parameters
    ----------
    app : ASGI app
    recorder : Recorder
    """

    def __init__(self, app: ASGIApp, *, recorder: Recorder) -> None:
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        scope["request_id"] = request_id = choose_request_id(scope["headers"])
        answer = Answer(send, request_id)
        try:
            with structlog.contextvars.bound_contextvars(request_id=request_id):
                await self._pass_on(scope, receive, answer)
        finally:
            self.recorder.record(
                scope,
                route=getattr(scope.get("route"), "path_format", "other"),
                status=answer.status,
                seconds=time.perf_counter() - started,
            )

    async def _pass_on(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        """Let the app answer."""
        try:
            await self.app(scope, receive, answer.send)
        except Exception:
            log.exception("unhandled error")
            if answer.status is not None:
                raise
            await problem_response(scope, INTERNAL)(scope, receive, answer.send)


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
