"""What callers get back, as the API's document shows it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

REASON_EXAMPLE: dict[str, Any] = {
    "feature": "days_since_last_order",
    "value": 74.0,
    "usual": 21.0,
    "contribution": 0.31,
    "en": "Last order 74 days ago; usually every 21.",
    "zh": "上次下单在 74 天前;通常每 21 天一次。",
}

CUSTOMER_EXAMPLE: dict[str, Any] = {
    "customer_id": "12345",
    "as_of": "2011-12-10T00:00:00Z",
    "model_version": "3",
    "churn_probability": 0.71,
    "expected_value": 420.0,
    "value_low": 0.0,
    "value_high": 1310.0,
    "expected_orders": 1.4,
    "next_order_on": "2012-01-21",
    "risk_band": "high",
    "lifecycle_stage": "at_risk",
    "tier": "A",
    "tier_reason": {"en": "Top 30 % by value.", "zh": "价值居前 30%。"},
    "gap_to_next_tier": {
        "tier": "VIP",
        "amount": 130.0,
        "en": "130.00 more.",
        "zh": "还差 130.00。",
    },
    "cluster": 2,
    "cluster_name": {"en": "Steady buyers", "zh": "稳定买家"},
    "priority": 17,
    "value_at_risk": 298.2,
    "score_basis": "model",
    "score_basis_reason": None,
    "churn_reasons": [REASON_EXAMPLE],
    "value_reasons": [],
}

RUN_EXAMPLE: dict[str, Any] = {
    "run_id": "20111210T000000Z-1f2e3d4c5b6a",
    "as_of": "2011-12-10T00:00:00Z",
    "model_version": "3",
}


class Shown(BaseModel):
    """The base of what is shown: exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class Text(Shown):
    """A sentence in two languages."""

    en: str | None
    zh: str | None


class Reason(Text):
    """One driver of a score; the contributions add up to the score."""

    feature: str | None
    value: float | None
    usual: float | None = Field(description="What is usual for peers.")
    contribution: float | None = Field(description="In the unit of the score.")


class Gap(Text):
    """What is missing to the next tier up."""

    tier: str | None
    amount: float | None


class CustomerScore(Shown):
    """A customer's score."""

    model_config = ConfigDict(json_schema_extra={"examples": [CUSTOMER_EXAMPLE]})

    customer_id: str
    as_of: datetime = Field(description="Only facts before this instant are used.")
    model_version: str
    churn_probability: float | None = Field(
        description="Calibrated chance of no purchase within the horizon."
    )
    expected_value: float | None = Field(description="Net spend within the horizon.")
    value_low: float | None = Field(description="5 % stay below this value.")
    value_high: float | None = Field(description="95 % stay below this value.")
    expected_orders: float | None
    next_order_on: date | None
    risk_band: str | None
    lifecycle_stage: str
    tier: str
    tier_reason: Text | None
    gap_to_next_tier: Gap | None
    cluster: int | None
    cluster_name: Text | None
    priority: int | None = Field(description="Rank by value_at_risk, 1 first.")
    value_at_risk: float | None
    score_basis: str = Field(
        description="model, blend, btyd, rule, or insufficient: nothing is made up."
    )
    score_basis_reason: str | None
    churn_reasons: list[Reason] | None
    value_reasons: list[Reason] | None


class CustomerList(Shown):
    """A page of customers, all of one run."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {**RUN_EXAMPLE, "items": [CUSTOMER_EXAMPLE], "next_cursor": None}
            ]
        }
    )

    run_id: str
    as_of: datetime
    model_version: str
    items: list[CustomerScore]
    next_cursor: str | None = Field(description="Null after the last page.")


class Fault(Shown):
    """One fault of a request."""

    pointer: str = Field(
        description="JSON pointer into the body, or #/query/... or #/path/..."
    )
    detail: str


class ProblemBody(BaseModel):
    """An RFC 9457 problem. It never repeats what was sent."""

    model_config = ConfigDict(
        title="Problem",
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:regulars:problem:unknown-customer",
                    "title": "No such customer in the published run",
                    "status": 404,
                    "detail": "Customers without a purchase before as_of have none.",
                    "request_id": "0f8c2f8e6f3a4c1e9d0b7a6c5e4d3f21",
                }
            ]
        },
    )

    type: str = Field(description="Stable; branch on this.")
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[Fault] | None = None


class ItemProblem(Shown):
    """Why one customer has no score."""

    type: str
    title: str
    detail: str


class PredictItem(Shown):
    """One answer: a score where status is 200, else an error."""

    status: int
    score: CustomerScore | None = None
    error: ItemProblem | None = None


class PredictResponse(Shown):
    """Answers in the order of the request."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **RUN_EXAMPLE,
                    "items": [
                        {"status": 200, "score": CUSTOMER_EXAMPLE},
                        {
                            "status": 404,
                            "error": {
                                "type": "urn:regulars:problem:unknown-customer",
                                "title": "No such customer in the published run",
                                "detail": "Customers without a purchase have none.",
                            },
                        },
                    ],
                }
            ]
        }
    )

    run_id: str
    as_of: datetime
    model_version: str
    items: list[PredictItem]


class ModelInfo(Shown):
    """The published run and the model that made it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **RUN_EXAMPLE,
                    "published_at": "2011-12-10T00:05:12Z",
                    "n_customers": 5852,
                    "currency": "GBP",
                    "model": {"version": "3", "grade": "B", "horizon_days": 90},
                }
            ]
        }
    )

    run_id: str
    as_of: datetime
    model_version: str
    published_at: datetime
    n_customers: int
    currency: str | None = Field(description="Of every amount, where the log says.")
    model: dict[str, Any] = Field(description="What training recorded.")


class Health(Shown):
    """The process answers."""

    status: str = Field(examples=["ok"])


class SlowFamily(Shown):
    """A family of features that only its SQL can work out, which is slower."""

    family: str = Field(examples=["rfm"])
    reason: str = Field(examples=["mod() is not known in numpy"])
    file: str = Field(examples=["features/purchases/sql/rfm.sql"])
    line: int | None
    expression: str | None


class Readiness(Shown):
    """A run is published and a verified bundle is in service."""

    status: str = Field(examples=["ready"])
    run_id: str
    model_version: str = Field(description="Of the bundle that scores events.")
    slow_families: list[SlowFamily] = Field(
        description="Families of features that are worked out slowly, and why."
    )
