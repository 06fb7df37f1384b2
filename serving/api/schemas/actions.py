"""Actions, as the API's document shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from serving.api.schemas.scores import Shown


class ToldAction(Shown):
    """One thing to do for a customer."""

    action: str
    en: str
    zh: str
    reason: dict[str, Any] = Field(
        description="In words (`en`, `zh`), the rule, and the facts that it names."
    )
    cost: float
    save_rate: float
    growth_rate: float
    worth: float = Field(
        description="save_rate x value at risk + growth_rate x expected value - cost"
    )
    basis: str = Field(description="`configured`, or `assumed`: the shipped figures")


class ActionList(Shown):
    """Up to three actions for a customer, the best first."""

    run_id: str
    as_of: datetime
    model_version: str
    customer_id: str
    currency: str | None
    actions: list[ToldAction]


class ActionCatalogue(Shown):
    """The actions that the run chose from."""

    run_id: str
    as_of: datetime
    model_version: str
    currency: str | None
    actions: list[dict[str, Any]] = Field(
        description="Terms, rule, source rows, and how many customers have it."
    )
    left_out: dict[str, str] = Field(
        description="Shipped actions that the log's columns cannot answer, and why."
    )
