"""The wrapper around an app that tries the fast path first."""

from __future__ import annotations

import time

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.api.deps import Services
from serving.api.fast.look_ups import FastLookUps
from serving.api.fast.plain import FastAnswer
from serving.api.fast.predictions import FastPredictions
from serving.api.records import Answer, Recorder, choose_request_id


def with_fast_path(
    app: FastAPI, services: Services, *, recorder: Recorder, max_body_bytes: int
) -> None:
    """Put the fast path around an app, outside all that surrounds its requests."""
    app.add_middleware(
        FastPath, services=services, recorder=recorder, max_body_bytes=max_body_bytes
    )


class FastPath:
    """Answer what is plain, and leave all else to the app, which answers alike.

    Parameters
    ----------
    app : ASGI app
    services : Services
    recorder : Recorder
    max_body_bytes : int
        Longer bodies are left to the app.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        services: Services,
        recorder: Recorder,
        max_body_bytes: int,
    ) -> None:
        self.app = app
        self._recorder = recorder
        self._look_ups = FastLookUps(services)
        self._predictions = FastPredictions(services, max_bytes=max_body_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._run_app(scope, receive, send)
            return
        started = time.perf_counter()
        fast = self._look_ups.answer(scope)
        if fast is None:
            fast, receive = await self._predictions.answer(scope, receive)
        if fast is None:
            await self.app(scope, receive, send)
        else:
            await self._send(fast, scope, send, started=started)

    async def _run_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app live, and close what was opened when it ends."""
        try:
            await self.app(scope, receive, send)
        finally:
            self._look_ups.close()

    async def _send(
        self, fast: FastAnswer, scope: Scope, send: Send, *, started: float
    ) -> None:
        scope["key_id"] = fast.key_id
        scope["request_id"] = request_id = choose_request_id(scope["headers"])
        answer = Answer(send, request_id)
        start = {"type": "http.response.start", "status": 200, "headers": fast.headers}
        try:
            await answer.send(start)
            await answer.send({"type": "http.response.body", "body": fast.body})
        finally:
            self._recorder.record(
                scope,
                route=fast.route,
                status=answer.status,
                seconds=time.perf_counter() - started,
            )
