"""The quick way for ``POST /v1/predict`` of a few customers with their own events.

It answers what is plain: a key that was found valid a moment ago, and a short body
without a fault. All else goes the ordinary way, which gives the same answer.
"""

from __future__ import annotations

from asyncio import wrap_future

from fastapi.exceptions import RequestValidationError
from starlette.types import Message, Receive, Scope

from features.errors import RegularsError
from serving.api.deps import Services
from serving.api.fast.look_up import QuickAnswer, known_key, plain_headers
from serving.api.predictions import LONG, read_asked, write_prediction
from serving.queries import collect, foretell

PATH = "/v1/predict"
SCOPE = "predict"
UNUSUAL = frozenset({b"content-encoding", b"transfer-encoding", b"expect"})
"""Headers of bodies that are to be read in another way."""


class QuickPredict:
    """Answer plain requests for fresh scores.

    Parameters
    ----------
    services : Services
    route : object
        That is gone around: requests are logged and counted as its own.
    max_bytes : int
        Longer bodies are refused by the ordinary way.
    """

    def __init__(self, services: Services, *, route: object, max_bytes: int) -> None:
        self._services = services
        self._route = route
        self._most = min(LONG, max_bytes)

    async def answer(
        self, scope: Scope, receive: Receive
    ) -> tuple[QuickAnswer | None, Receive]:
        """Return the answer to a plain request, None for any other.

        With it comes what gives the request to whoever else has to answer it.
        """
        key_id = self._who(scope)
        if key_id is None:
            return None, receive
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())
        found = None
        if all(each["type"] == "http.request" for each in messages):
            found = await self._find(
                b"".join(each.get("body", b"") for each in messages)
            )
        if found is not None:
            scope["key_id"], scope["route"] = key_id, self._route
        return found, _again(messages, receive)

    def _who(self, scope: Scope) -> str | None:
        """Return who asks, if the request looks plain."""
        if scope["method"] != "POST" or scope["path"] != PATH or scope["query_string"]:
            return None
        headers = plain_headers(scope, UNUSUAL)
        if headers is None or headers.get(b"content-type") != b"application/json":
            return None
        length = headers.get(b"content-length", b"")
        if not length.isdigit() or int(length) > self._most:
            return None
        return known_key(self._services.keys, headers, SCOPE)

    async def _find(self, body: bytes) -> QuickAnswer | None:
        try:
            asked = read_asked(body)
            if not any(one.is_fresh for one in asked):
                return None
            told = await wrap_future(foretell(self._services.keeper, asked))
        except (RegularsError, RequestValidationError):
            return None
        prediction = collect(asked, told)
        text = write_prediction(asked, prediction, self._services.metrics).encode()
        return QuickAnswer(
            [
                (b"content-length", b"%d" % len(text)),
                (b"content-type", b"application/json"),
            ],
            text,
        )


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Return what gives messages once more, and then those that follow."""
    left = iter(messages)

    async def receive_again() -> Message:
        for message in left:
            return message
        return await receive()

    return receive_again
