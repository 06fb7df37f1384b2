"""What Prometheus may know: counts and times, no customer and no key."""

from __future__ import annotations

from functools import lru_cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
)

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class Metrics:
    """The counters of one app, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "regulars_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "regulars_request_seconds",
            "Time to answer.",
            ("method", "route"),
            registry=self.registry,
        )
        self.predictions = Counter(
            "regulars_predictions",
            "Customers answered by predict.",
            ("source", "status"),
            registry=self.registry,
        )
        self.refused = Counter(
            "regulars_bundles_refused",
            "Bundles that did not pass their checks.",
            registry=self.registry,
        )
        self.store_up = Gauge(
            "regulars_store_up", "1 if the store answers.", registry=self.registry
        )
        self._counters = lru_cache(maxsize=1_000)(self._find_counters)
        self.as_of = Gauge(
            "regulars_published_as_of_seconds",
            "The as_of of the published run, as Unix time; 0 if there is none.",
            registry=self.registry,
        )

    def count(self, method: str, route: str, *, status: int, seconds: float) -> None:
        """Record an answered request."""
        label = method if method in METHODS else "other"
        requests, times = self._counters(label, route, status)
        requests.inc()
        times.observe(seconds)

    def _find_counters(
        self, method: str, route: str, status: int
    ) -> tuple[Counter, Histogram]:
        return (
            self.requests.labels(method, route, str(status)),
            self.seconds.labels(method, route),
        )
