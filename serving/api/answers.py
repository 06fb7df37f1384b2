"""JSON put together from scores that are JSON already."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from serving.store.json.by_row import rfc3339


class OfRun(Protocol):
    """Anything that says which run it is of."""

    @property
    def run_id(self) -> str:
        """Return the run's id."""

    @property
    def as_of(self) -> datetime:
        """Return the run's instant."""

    @property
    def model_version(self) -> str:
        """Return the run's model."""


def json_response(body: str, *, headers: dict[str, str] | None = None) -> Response:
    """Return JSON as it stands."""
    return Response(body, media_type="application/json", headers=headers)


def run_response(request: Request, stamp: str, body: str) -> Response:
    """Return what one run says, or 304 to a caller who has it."""
    etag = f'"{stamp}"'
    if is_known(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return json_response(body, headers={"ETag": etag})


def is_known(request: Request, etag: str) -> bool:
    """Tell whether the caller has what an ETag names."""
    header = request.headers.get("if-none-match", "")
    etags = {part.strip().removeprefix("W/") for part in header.split(",")}
    return etag in etags or "*" in etags


def run_object(run: OfRun, **members: str) -> str:
    """Return a JSON object: the run, then members that are JSON already."""
    head = {
        "run_id": json.dumps(run.run_id),
        "as_of": json.dumps(rfc3339(run.as_of)),
        "model_version": json.dumps(run.model_version),
    }
    return json_object(head | members)


def json_object(members: dict[str, str]) -> str:
    """Return a JSON object of members that are JSON already.

    >>> json_object({"status": "200", "score": '{"tier":"A"}'})
    '{"status":200,"score":{"tier":"A"}}'
    """
    pairs = (f"{json.dumps(name)}:{value}" for name, value in members.items())
    return "{" + ",".join(pairs) + "}"


def json_array(items: Iterable[str]) -> str:
    """Return a JSON array of items that are JSON already."""
    return "[" + ",".join(items) + "]"
