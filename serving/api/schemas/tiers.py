"""What callers get back of tier schemes, as the API's document shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from serving.api.schemas.scores import Shown


class OfRunBody(Shown):
    """The base of what is said of one run."""

    run_id: str
    as_of: datetime
    model_version: str


class SchemeList(OfRunBody):
    """The tier schemes of the published run, and those that wait for the next."""

    primary: str
    schemes: dict[str, dict[str, Any]]
    written: dict[str, dict[str, Any]]
    faults: dict[str, str]


class SchemesWritten(Shown):
    """The schemes that were written."""

    written: dict[str, dict[str, Any]]


class TierMove(Shown):
    """Customers who went from one class to another; null: not in that run."""

    before: str | None
    after: str | None
    n_customers: int


class TransitionMatrix(OfRunBody):
    """Moves between two runs by one scheme."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    scheme: str
    start: str = Field(alias="from")
    end: str = Field(alias="to")
    classes: list[str]
    moves: list[TierMove]


class HistoryPoint(OfRunBody):
    """A customer in one run."""

    tier: str
    churn_probability: float | None
    expected_value: float | None
    value_at_risk: float | None
    priority: int | None
    risk_band: str | None
    lifecycle_stage: str
    tiers: dict[str, dict[str, Any]]


class CustomerHistory(Shown):
    """A customer in every run that is kept, newest first, and decisions by hand."""

    customer_id: str
    items: list[HistoryPoint]
    overrides: list[dict[str, Any]]


class OverrideTaken(Shown):
    """A decision that holds from now on."""

    customer_id: str
    scheme: str
    tier: str
    who: str
    why: str
    until: datetime
