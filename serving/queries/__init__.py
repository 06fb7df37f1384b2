"""The questions that the API, and later the desk, ask: one function each."""

from serving.predict.bundles import (
    BundleKeeper,
    BundleSource,
    readiness,
    set_apart,
)
from serving.predict.predict import Asked, Prediction, collect, foretell, predict
from serving.queries.customers import (
    SORTS,
    CustomerFilter,
    CustomerPage,
    customer,
    customers,
)
from serving.queries.keys import KeyRing
from serving.queries.reports import FoundReport, list_reports, report
from serving.runs.current import Run, model

__all__ = [
    "SORTS",
    "Asked",
    "BundleKeeper",
    "BundleSource",
    "CustomerFilter",
    "CustomerPage",
    "FoundReport",
    "KeyRing",
    "Prediction",
    "Run",
    "collect",
    "customer",
    "customers",
    "foretell",
    "list_reports",
    "model",
    "predict",
    "readiness",
    "report",
    "set_apart",
]
