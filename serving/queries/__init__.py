"""The questions that the API, and later the desk, ask: one function each."""

from serving.queries.bundles import BundleKeeper, BundleSource, readiness
from serving.queries.customers import (
    SORTS,
    CustomerFilter,
    CustomerPage,
    customer,
    customers,
)
from serving.queries.keys import KeyRing
from serving.queries.predict import Asked, Prediction, predict
from serving.queries.runs import Run, model

__all__ = [
    "SORTS",
    "Asked",
    "BundleKeeper",
    "BundleSource",
    "CustomerFilter",
    "CustomerPage",
    "KeyRing",
    "Prediction",
    "Run",
    "customer",
    "customers",
    "model",
    "predict",
    "readiness",
]
