"""What every answer bears, its id and headers, and the record that it leaves."""

from __future__ import annotations

import re
import secrets
import sys
from collections.abc import Iterable
from operator import is_not
from typing import Any

import structlog
from starlette.types import Message, Scope, Send

from serving.api.metrics import Metrics

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


class Recorder:
    """Log and count requests by the route's pattern: paths hold customers' ids.

    Parameters
    ----------
    metrics : Metrics
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._log = _BoundLog()

    def record(
        self, scope: Scope, *, route: str, status: int | None, seconds: float
    ) -> None:
        """Record an answered request; without a status it was not answered."""
        method, status = scope["method"], status or 0
        self._metrics.count(method, route, status=status, seconds=seconds)
        self._log.get().info(
            "request",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            key_id=scope.get("key_id"),
            request_id=scope["request_id"],
        )


class Answer:
    """Add headers to the answer and remember its status.

    Parameters
    ----------
    send : callable
        Of the server.
    request_id : str
    """

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


def choose_request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the caller's id of a request where it will do, else a random one."""
    for name, value in headers:
        if name == b"x-request-id":
            text = value.decode("latin-1")
            return text if CALLER_ID.fullmatch(text) else secrets.token_hex(16)
    return secrets.token_hex(16)


class _BoundLog:
    """The log, bound once: binding takes as long as writing a line.

    It is bound again where logs are configured anew, or go elsewhere.
    """

    def __init__(self) -> None:
        self._bound_for: tuple[Any, ...] = ()
        self._log: Any = None

    def get(self) -> Any:
        """Return it."""
        now = (*structlog.get_config().values(), sys.stderr)
        if len(now) != len(self._bound_for) or any(map(is_not, now, self._bound_for)):
            self._bound_for, self._log = now, structlog.get_logger().bind()
        return self._log
