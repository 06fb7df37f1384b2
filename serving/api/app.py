"""The app: services, routes and what surrounds them."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

import structlog
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import iter_route_contexts

from features.errors import BundleError, RegularsError
from serving.api.deps import Door, Services
from serving.api.fast import with_fast_path
from serving.api.metrics import Metrics
from serving.api.middleware import BodyLimit, Envelope
from serving.api.openapi import TITLE, VERSION, DescribedApi
from serving.api.problems import install_handlers
from serving.api.records import Recorder
from serving.api.routes import ROUTERS, docs
from serving.api.settings import ApiSettings
from serving.queries import (
    KeyRing,
    ModelKeeper,
    ScorerSource,
    freeze_memory,
    readiness,
)
from serving.store import Store

__all__ = ["ApiSettings", "create_app"]

log = structlog.get_logger()


def create_app(
    *, store: Store, scorers: ScorerSource, settings: ApiSettings | None = None
) -> FastAPI:
    """Return the API over a store.

    Parameters
    ----------
    store : Store
        From ``open_store``. Closing it stays with the caller.
    scorers : ScorerSource
        Gives the verified model of a version, or raises BundleError.
    settings : ApiSettings or None
        None for the usual ones.
    """
    chosen = settings or ApiSettings()
    metrics = Metrics()

    def on_refused(version: str, fault: BundleError) -> None:
        metrics.refused.inc()
        log.error("bundle refused", version=version, fault=str(fault))

    app = DescribedApi(
        title=TITLE,
        version=VERSION,
        openapi_url="/openapi.json" if chosen.docs else None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=warm_up,
    )
    keys, recorder = KeyRing(store), Recorder(metrics)
    app.state.services = services = Services(
        store=store,
        keeper=ModelKeeper(
            store, scorers, on_refused=on_refused, on_taken=freeze_memory
        ),
        keys=keys,
        door=Door(keys),
        metrics=metrics,
    )
    _add_routes(app, chosen)
    install_handlers(app)
    app.add_middleware(BodyLimit, max_bytes=chosen.max_body_bytes)
    app.add_middleware(Envelope, recorder=recorder)
    with_fast_path(
        app, services, recorder=recorder, max_body_bytes=chosen.max_body_bytes
    )
    return app


@asynccontextmanager
async def warm_up(app: FastAPI) -> AsyncIterator[None]:
    """Load the model while the first requests are answered: look-ups do not need it."""
    loading = Thread(target=_load, args=(app.state.services,), name="warm-up")
    loading.start()
    yield
    await run_in_threadpool(loading.join)


def _load(services: Services) -> None:
    """Load it if a key may ask for it: a worker that only looks up stays small."""
    try:
        if services.keys.hold("predict"):
            readiness(services.keeper)
    except RegularsError as exc:
        log.warning("not ready yet", fault=str(exc))


def _add_routes(app: FastAPI, settings: ApiSettings) -> None:
    for router in ROUTERS:
        app.include_router(router)
    if settings.docs:
        app.include_router(docs.router)
        app.mount("/static", docs.static_files(), name="static")
    # Else by the first request, hiding warnings, which is safe in one thread only.
    deque(iter_route_contexts(app.routes), maxlen=0)
