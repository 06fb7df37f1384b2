"""What callers send. Strict: no coercion, no unknown fields, finite numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PlainValidator,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from serving.queries import SORTS

MAX_CUSTOMERS = 1_000
"""Customers in one predict request."""

MAX_PAGE = 1_000
"""Customers on one page."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

WRITTEN = re.compile(
    r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)?)?"
)


def read_instant(value: object) -> datetime:
    """Read an RFC 3339 instant or a date; without an offset it is UTC."""
    if not isinstance(value, str) or not WRITTEN.fullmatch(value):
        raise _no_instant()
    try:
        instant = datetime.fromisoformat(value.upper())
        zone = instant.tzinfo
        instant = instant.astimezone(UTC) if zone else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise _no_instant() from None
    if not EARLIEST <= instant < LATEST:
        raise PydanticCustomError("instant_range", "Give an instant from 1970 on")
    return instant


def _no_instant() -> PydanticCustomError:
    return PydanticCustomError(
        "instant", "Give an instant such as 2011-12-09T12:50:00Z, or a date"
    )


def refuse_nul(value: str) -> str:
    """Refuse what PostgreSQL cannot store."""
    if "\0" in value:
        raise PydanticCustomError("nul", "Text must not hold a NUL character")
    return value


def refuse_blank_ends(value: str) -> str:
    """Refuse what the log's ids never have: they are trimmed at the door."""
    if value != value.strip():
        raise PydanticCustomError("blank_ends", "Ids neither begin nor end with blanks")
    return value


def split_commas(values: object) -> object:
    """Read ``?tier=VIP,A`` as ``?tier=VIP&tier=A``."""
    if isinstance(values, list) and all(isinstance(value, str) for value in values):
        return [part for value in values for part in value.split(",")]
    return values


def known_sort(value: str) -> str:
    """Refuse a sort that there is no index for."""
    if value not in SORTS:
        raise PydanticCustomError("sort", f"Sort by one of {', '.join(SORTS)}")
    return value


Instant = Annotated[
    datetime,
    PlainValidator(read_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Id = Annotated[
    str,
    Field(min_length=1, max_length=256),
    AfterValidator(refuse_nul),
    AfterValidator(refuse_blank_ends),
]
Text = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(refuse_nul)]
Number = Annotated[FiniteFloat, Field(ge=-1e12, le=1e12)]
Word = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(refuse_nul)]
Words = Annotated[list[Word], Field(max_length=50), BeforeValidator(split_commas)]
Rule = Annotated[str, Field(min_length=1, max_length=4_000)]
Sort = Annotated[
    str, AfterValidator(known_sort), Field(json_schema_extra={"enum": list(SORTS)})
]


class Strict(BaseModel):
    """The base of what is sent."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Transaction(Strict):
    """A line or an order; a return has a negative amount."""

    occurred_at: Instant
    amount: Number
    order_id: Text | None = None
    product_id: Text | None = None
    category: Text | None = None
    quantity: Number | None = None
    discount: Number | None = None
    cost: Number | None = None
    channel: Text | None = None
    currency: Text | None = None
    known_at: Instant | None = None


class Interaction(Strict):
    """Anything else that happened between the customer and us."""

    occurred_at: Instant
    type: Text
    direction: Text | None = None
    channel: Text | None = None
    value: Number | None = None
    owner_id: Text | None = None
    minutes: Number | None = None
    cost: Number | None = None
    known_at: Instant | None = None


class Subscription(Strict):
    """A contract; without an end it runs on."""

    starts_at: Instant
    ends_at: Instant | None = None
    amount: Number | None = None
    plan: Text | None = None
    currency: Text | None = None
    known_at: Instant | None = None


class CustomerToScore(Strict):
    """A customer by id, or with its own events to be scored now."""

    customer_id: Id
    transactions: Annotated[list[Transaction], Field(min_length=1)] | None = None
    interactions: list[Interaction] | None = None
    joined_at: Instant | None = None
    attributes: dict[Text, Text | Number | bool | None] | None = Field(
        default=None,
        max_length=500,
        description="Where churn is a label: the customer's own attributes, by the "
        "names of the table.",
    )
    subscriptions: Annotated[list[Subscription], Field(min_length=1)] | None = Field(
        default=None, description="Where churn is the end of contracts: all of them."
    )

    @model_validator(mode="after")
    def need_transactions(self) -> CustomerToScore:
        """Refuse other facts alone: there would be no purchase to go by."""
        if self.attributes is not None or self.subscriptions is not None:
            return self
        beside = self.interactions or self.joined_at
        if beside and not self.transactions:
            raise PydanticCustomError(
                "transactions_missing",
                "Give transactions beside interactions and joined_at",
            )
        return self


EXAMPLE: dict[str, Any] = {
    "customers": [
        {"customer_id": "12345"},
        {
            "customer_id": "67890",
            "transactions": [
                {
                    "occurred_at": "2011-09-14T10:02:00Z",
                    "amount": 120.5,
                    "order_id": "567001",
                },
                {
                    "occurred_at": "2011-11-30T15:40:00Z",
                    "amount": 89.9,
                    "order_id": "578902",
                },
            ],
            "interactions": [
                {
                    "occurred_at": "2011-12-01T09:00:00Z",
                    "type": "return",
                    "direction": "inbound",
                }
            ],
        },
    ]
}


class PredictRequest(Strict):
    """The customers to score."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    customers: list[CustomerToScore] = Field(min_length=1, max_length=MAX_CUSTOMERS)

    @field_validator("customers")
    @classmethod
    def refuse_twins(cls, value: list[CustomerToScore]) -> list[CustomerToScore]:
        """Refuse the same customer twice: which events would be meant."""
        if len({one.customer_id for one in value}) < len(value):
            raise PydanticCustomError("twins", "Give each customer_id once")
        return value


class ListQuery(BaseModel):
    """Which customers, in what order."""

    model_config = ConfigDict(extra="forbid")

    tier: Words = Field(
        default_factory=list, description="Any of these tiers; repeat or use commas."
    )
    risk_band: Words = Field(
        default_factory=list,
        description="Any of these risk bands; repeat or use commas.",
    )
    filter: Rule | None = Field(
        default=None,
        description="A condition such as `churn_probability > 0.6 and tier = 'VIP'`.",
    )
    sort: Sort = Field(
        default="priority", description="Upwards; with a minus, downwards."
    )
    limit: int = Field(default=100, ge=1, le=MAX_PAGE, description="Rows a page.")
    cursor: str | None = Field(
        default=None,
        max_length=8_000,
        description="`next_cursor` of the page before, with the same filters and sort.",
    )


class SchemesRequest(Strict):
    """The tier schemes that the next run takes before those of its file."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "schemes": {
                        "size": {
                            "kind": "thresholds",
                            "quantity": "net_spend_365d",
                            "unit": "money",
                            "classes": ["large", "small"],
                            "limits": [5000],
                        }
                    }
                }
            ]
        }
    )

    schemes: dict[Word, dict[str, Any]] = Field(max_length=100)


class OverrideRequest(Strict):
    """A class that somebody sets by hand."""

    scheme: Word
    tier: Word
    who: Text
    why: Text
    until: Instant
