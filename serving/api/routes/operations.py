"""For operators: is it alive, is it ready, what does it count."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from features.errors import StoreError
from serving.api.deps import Services, ServicesDep
from serving.api.openapi import problems
from serving.api.schemas.scores import Health, Readiness, SlowFamily
from serving.errors import UnpublishedError
from serving.queries import model, readiness

router = APIRouter(tags=["operations"])


@router.get("/healthz", operation_id="getHealth", summary="Is the process alive")
async def get_health() -> Health:
    """Answer, whatever the state of store and model. Needs no key."""
    return Health(status="ok")


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Is it ready for callers",
    responses=problems(503),
)
def get_readiness(services: ServicesDep) -> Readiness:
    """Answer 200 once a run is published and its bundle verified. Needs no key."""
    serving = readiness(services.keeper)
    run = model(services.store)
    return Readiness(
        status="ready",
        run_id=run.run_id,
        model_version=serving.run.model_version,
        slow_families=[
            SlowFamily(**asdict(family)) for family in serving.scorer.slow_families
        ],
    )


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Counters for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def get_metrics(services: ServicesDep) -> Response:
    """Return counts and times; no customer and no key is in them. Needs no key."""
    _look(services)
    counted = generate_latest(services.metrics.registry)
    return Response(counted, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _look(services: Services) -> None:
    """Bring the gauges up to date."""
    metrics = services.metrics
    try:
        metrics.as_of.set(model(services.store).as_of.timestamp())
    except UnpublishedError:
        metrics.as_of.set(0)
    except StoreError:
        metrics.store_up.set(0)
        return
    metrics.store_up.set(1)
