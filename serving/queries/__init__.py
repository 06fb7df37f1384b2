"""The questions that the API, and later the desk, ask: one function each."""

from serving.predict.customer_events import CustomerEvents
from serving.predict.keeper import ModelKeeper, freeze_memory, readiness
from serving.predict.predict import Prediction, collect, predict, submit
from serving.predict.scorer import ScorerSource
from serving.queries.customers import CustomerPage, customer, customers
from serving.queries.filters import SORTS, CustomerFilter
from serving.queries.keys import KeyRing
from serving.queries.reports import FoundReport, list_reports, report
from serving.runs.published import Run, model

__all__ = [
    "SORTS",
    "CustomerEvents",
    "CustomerFilter",
    "CustomerPage",
    "FoundReport",
    "KeyRing",
    "ModelKeeper",
    "Prediction",
    "Run",
    "ScorerSource",
    "collect",
    "customer",
    "customers",
    "freeze_memory",
    "list_reports",
    "model",
    "predict",
    "readiness",
    "report",
    "submit",
]
