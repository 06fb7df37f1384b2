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
from serving.api.fast.look_up import QuickLookUp
from serving.api.fast.predict import QuickPredict
from serving.api.fast.reader import QuickReader
from serving.api.metrics import Metrics
from serving.api.middleware import BodyLimit, Envelope
from serving.api.openapi import TITLE, VERSION, DescribedApi
from serving.api.problems import install_handlers
from serving.api.routes import (
    actions,
    customers,
    docs,
    lists,
    model,
    movement,
    operations,
    predict,
    reports,
    tiers,
)
from serving.api.settings import ApiSettings
from serving.queries import (
    BundleKeeper,
    BundleSource,
    KeyRing,
    readiness,
    set_apart,
)
from serving.store import Store

__all__ = ["ApiSettings", "create_app"]

log = structlog.get_logger()


def create_app(
    *, store: Store, bundles: BundleSource, settings: ApiSettings | None = None
) -> FastAPI:
    """Return the API over a store.

    Parameters
    ----------
    store : Store
        From ``open_store``. Closing it stays with the caller.
    bundles : BundleSource
        Gives the verified bundle of a version, or raises BundleError.
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
    keys = KeyRing(store)
    app.state.services = Services(
        store=store,
        keeper=BundleKeeper(store, bundles, on_refused=on_refused, on_taken=set_apart),
        keys=keys,
        door=Door(keys),
        metrics=metrics,
        quick=QuickReader(store),
    )
    _add_routes(app, chosen)
    install_handlers(app)
    quick = QuickLookUp(app.state.services, route=customers.ONE)
    app.add_middleware(BodyLimit, max_bytes=chosen.max_body_bytes)
    quick_predict = QuickPredict(
        app.state.services, route=predict.PREDICT, max_bytes=chosen.max_body_bytes
    )
    app.add_middleware(
        Envelope,
        metrics=metrics,
        quick=quick.answer,
        quick_post=quick_predict.answer,
    )
    return app


@asynccontextmanager
async def warm_up(app: FastAPI) -> AsyncIterator[None]:
    """Load the bundle beside the first requests: look-ups need not wait for it."""
    loading = Thread(target=_load, args=(app.state.services,), name="warm-up")
    loading.start()
    yield
    await run_in_threadpool(loading.join)
    app.state.services.quick.close()


def _load(services: Services) -> None:
    """Load it if a key may ask for it: a worker that only looks up stays small."""
    try:
        if services.keys.hold("predict"):
            readiness(services.keeper)
    except RegularsError as exc:
        log.warning("not ready yet", fault=str(exc))


def _add_routes(app: FastAPI, settings: ApiSettings) -> None:
    for group in (
        actions,
        movement,
        customers,
        lists,
        tiers,
        reports,
        predict,
        model,
        operations,
    ):
        app.include_router(group.router)
    if settings.docs:
        app.include_router(docs.router)
        app.mount("/static", docs.static_files(), name="static")
    # Else by the first request, hiding warnings, which is safe in one thread only.
    deque(iter_route_contexts(app.routes), maxlen=0)
