"""Score a few customers from their own events around the framework."""

from __future__ import annotations

from asyncio import wait, wrap_future

from fastapi.exceptions import RequestValidationError
from starlette.types import Message, Receive, Scope

from serving.api.deps import Services
from serving.api.fast.plain import FastAnswer, known_key, plain_headers
from serving.api.predictions import (
    LONG_BODY_BYTES,
    read_customers,
    write_prediction,
)
from serving.queries import CustomerEvents, collect, submit

PATH = "/v1/predict"
SCOPE = "predict"
UNUSUAL = frozenset({b"content-encoding", b"transfer-encoding", b"expect"})
"""Headers of bodies that are to be read in another way."""


class FastPredictions:
    """Answer plain requests for fresh scores: short bodies without a fault.

    Parameters
    ----------
    services : Services
    max_bytes : int
        Longer bodies are refused by the app.
    """

    def __init__(self, services: Services, *, max_bytes: int) -> None:
        self._services = services
        self._max_bytes = min(LONG_BODY_BYTES, max_bytes)

    async def answer(
        self, scope: Scope, receive: Receive
    ) -> tuple[FastAnswer | None, Receive]:
        """Return the answer to a plain request, None for any other.

        With it comes what gives the request to the app, where it has to answer.
        """
        key_id = self._find_key(scope)
        if key_id is None:
            return None, receive
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())
        customers = _read(messages)
        if customers is None:
            return None, _repeat(messages, receive)
        answers = wrap_future(submit(self._services.keeper, customers))
        await wait([answers])
        if answers.exception() is not None:  # the app will meet it, and say so
            return None, _repeat(messages, receive)
        prediction = collect(customers, answers.result())
        body = write_prediction(customers, prediction, self._services.metrics).encode()
        return FastAnswer(PATH, key_id, body), receive

    def _find_key(self, scope: Scope) -> str | None:
        """Return the key of who asks, if the request looks plain."""
        if scope["method"] != "POST" or scope["path"] != PATH or scope["query_string"]:
            return None
        headers = plain_headers(scope, UNUSUAL)
        if headers is None or headers.get(b"content-type") != b"application/json":
            return None
        length = headers.get(b"content-length", b"")
        if not length.isdigit() or int(length) > self._max_bytes:
            return None
        return known_key(self._services.keys, headers, SCOPE)


def _read(messages: list[Message]) -> list[CustomerEvents] | None:
    """Return the customers of a body, None where none is sound or to be scored."""
    if any(message["type"] != "http.request" for message in messages):
        return None
    try:
        customers = read_customers(b"".join(m.get("body", b"") for m in messages))
    except RequestValidationError:
        return None
    return customers if any(one.is_fresh for one in customers) else None


def _repeat(messages: list[Message], receive: Receive) -> Receive:
    """Return what gives messages once more, and then those that follow."""
    unread = iter(messages)

    async def receive_again() -> Message:
        for message in unread:
            return message
        return await receive()

    return receive_again
