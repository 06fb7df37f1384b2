"""What the routes need: the services, and a caller who may."""

from __future__ import annotations

import re
from asyncio import Future, ensure_future, shield
from dataclasses import dataclass
from typing import Annotated

from fastapi import BackgroundTasks, Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import ClientDisconnect

from serving.api.metrics import Metrics
from serving.errors import ForbiddenError, KeyInUrlError, UnauthenticatedError
from serving.queries import KeyRing, ModelKeeper
from serving.store import Key, Store

BEARER = HTTPBearer(
    scheme_name="bearer",
    bearerFormat="rgl_...",
    description="An API key as bearer token.",
    auto_error=False,
)
HEADER = APIKeyHeader(
    name="X-API-Key",
    scheme_name="apiKey",
    description="An API key as a header.",
    auto_error=False,
)

KEY_IN_URL = re.compile(
    rb"rgl_[0-9a-f]{12}_|(^|&)(api[-_]?key|x-api-key|access[-_]?token|token|key)=",
    re.IGNORECASE,
)


class Door:
    """Ask the store about a key once for all requests that bring it at a time.

    Parameters
    ----------
    keys : KeyRing
    """

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._asking: dict[str, Future[Key]] = {}

    async def ask(self, presented: str) -> Key:
        """Return the valid key that a caller presents, or raise as ``KeyRing`` does."""
        asking = self._asking.get(presented)
        if asking is None:
            asking = ensure_future(
                run_in_threadpool(self._keys.authenticate, presented)
            )
            self._asking[presented] = asking
            asking.add_done_callback(lambda _: self._asking.pop(presented))
        return await shield(asking)


@dataclass(frozen=True, slots=True)
class Services:
    """What an app is made of."""

    store: Store
    keeper: ModelKeeper
    keys: KeyRing
    door: Door
    metrics: Metrics


async def get_services(request: Request) -> Services:
    """Return the app's services, without a thread for it."""
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(get_services)]


class Need:
    """Let only callers with a scope in.

    Parameters
    ----------
    scope : str
        One of the store's ``SCOPES``.
    """

    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(
        self,
        request: Request,
        background: BackgroundTasks,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
        header: Annotated[str | None, Depends(HEADER)],
    ) -> None:
        """Check the key of one request."""
        url = request.scope.get("raw_path", b"") + b"&" + request.scope["query_string"]
        if KEY_IN_URL.search(url):
            raise KeyInUrlError("An API key is in the address.")
        presented = bearer.credentials if bearer is not None else header
        if not presented:
            raise UnauthenticatedError("There is no API key.")
        services = request.app.state.services
        keys = services.keys
        key = keys.recall(presented) or await services.door.ask(presented)
        request.scope["key_id"] = key.key_id
        if not key.may(self.scope):
            raise ForbiddenError("The API key lacks the scope.")
        if keys.claim(key):
            background.add_task(keys.touch, key)


async def json_body(request: Request) -> bytes:
    """Return a body that says it is JSON and is not compressed."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    encoding = request.headers.get("content-encoding", "identity")
    if media_type.lower() != "application/json" or encoding.lower() != "identity":
        raise HTTPException(415)
    try:
        return await request.body()
    except ClientDisconnect as exc:
        raise HTTPException(400) from exc


JsonBody = Annotated[bytes, Depends(json_body)]
