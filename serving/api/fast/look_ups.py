"""Answer plain look-ups around the framework."""

from __future__ import annotations

import time

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.api.deps import KEY_IN_URL
from serving.api.fast.reader import BodyReader, StoredBody
from serving.api.records import Answer, Recorder, choose_request_id
from serving.queries import KeyRing
from serving.store import Store

PATH = "/v1/customers/"
ROUTE = f"{PATH}{{customer_id}}"
"""Under which requests are logged and counted, as the app does."""

SCOPE = "read"
UNUSUAL = frozenset({b"if-none-match", b"content-length", b"transfer-encoding"})
"""Headers of requests that want more than the score."""


def with_fast_look_ups(
    app: FastAPI, *, store: Store, keys: KeyRing, recorder: Recorder
) -> None:
    """Put the fast path around an app, outside all that surrounds its requests."""
    app.add_middleware(FastLookUps, store=store, keys=keys, recorder=recorder)


class FastLookUps:
    """Answer what is plain: a key that was just valid, a customer who is in the run.

    All else goes to the app, which gives the same answers.

    Parameters
    ----------
    app : ASGI app
    store : Store
    keys : KeyRing
    recorder : Recorder
    """

    def __init__(
        self, app: ASGIApp, *, store: Store, keys: KeyRing, recorder: Recorder
    ) -> None:
        self.app = app
        self._reader = BodyReader(store)
        self._keys = keys
        self._recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "lifespan":
            try:
                await self.app(scope, receive, send)
            finally:
                self._reader.close()
            return
        started = time.perf_counter()
        stored = self._find(scope) if scope["type"] == "http" else None
        if stored is None:
            await self.app(scope, receive, send)
            return
        scope["request_id"] = request_id = choose_request_id(scope["headers"])
        answer = Answer(send, request_id)
        try:
            await _send(stored, answer)
        finally:
            seconds = time.perf_counter() - started
            self._recorder.record(
                scope, route=ROUTE, status=answer.status, seconds=seconds
            )

    def _find(self, scope: Scope) -> StoredBody | None:
        """Return the score for a plain look-up, None for any other request."""
        if scope["method"] != "GET" or not _is_plain(scope):
            return None
        headers = dict(scope["headers"])
        is_repeated = len(headers) < len(scope["headers"])
        if is_repeated or not UNUSUAL.isdisjoint(headers):
            return None
        key_id = _known_key(self._keys, headers)
        if key_id is None:
            return None
        stored = self._reader.find(scope["path"][len(PATH) :])
        if stored is not None:
            scope["key_id"] = key_id
        return stored


async def _send(stored: StoredBody, answer: Answer) -> None:
    headers = [
        (b"etag", b'"' + stored.stamp + b'"'),
        (b"content-length", b"%d" % len(stored.body)),
        (b"content-type", b"application/json"),
    ]
    start = {"type": "http.response.start", "status": 200, "headers": headers}
    await answer.send(start)
    await answer.send({"type": "http.response.body", "body": stored.body})


def _known_key(keys: KeyRing, headers: dict[bytes, bytes]) -> str | None:
    """Return the key of a caller who may read and needs no further look."""
    kind, _, presented = headers.get(b"authorization", b"").partition(b" ")
    if not presented:
        presented = headers.get(b"x-api-key", b"")
    elif kind.lower() != b"bearer":
        return None
    key = keys.recall(presented.decode("latin-1")) if presented else None
    if key is None or not key.may(SCOPE) or keys.is_due(key):
        return None
    return key.key_id


def _is_plain(scope: Scope) -> bool:
    """Tell whether an address is of one customer and can hold no key."""
    path: str = scope["path"]
    if not path.startswith(PATH) or scope["query_string"]:
        return False
    name = path[len(PATH) :]
    if not name or "/" in name or "\0" in name:
        return False
    return not KEY_IN_URL.search(scope.get("raw_path", b""))
