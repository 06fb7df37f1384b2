"""Lists, as callers send them and as the API's document shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field

from models.lists.definition import Action, ListDefinition, Name
from serving.api.schemas.requests import MAX_PAGE, Strict, Word, refuse_nul
from serving.api.schemas.scores import RUN_EXAMPLE, CustomerScore, Shown

LIST_EXAMPLE: dict[str, Any] = {
    "name": "call_first",
    "filter": "churn_probability > 0.6 and tier in ('VIP', 'A')",
    "limit": 100,
    "guardrails": {"consent": "call", "contacted_within_days": 14},
}

Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Money = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Owner = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(refuse_nul)]


class NewList(ListDefinition):
    """A list to define, and its name."""

    model_config = ConfigDict(json_schema_extra={"examples": [LIST_EXAMPLE]})

    name: Name


class Outcome(Shown):
    """What became of a list in a run.

    `n_candidates` is always the members, those left out and those beyond the limit.
    """

    n_members: int
    n_candidates: int
    n_backfilled: int
    n_beyond: int = Field(description="Who met all and came after the last.")
    excluded: dict[str, int] = Field(description="Left out, by the first reason.")
    unchecked: list[str] = Field(description="What this log cannot tell.")
    needs: list[str] = Field(description="Columns without which it cannot be made.")
    fault: str | None = Field(description="What is wrong with its rules in this run.")


class ListInfo(Outcome):
    """A list as of the published run."""

    name: str
    source: str = Field(description="preset, config or api; only the last is changed.")
    title: str | None
    title_zh: str | None
    run_id: str
    as_of: datetime
    taken_at: datetime | None = Field(description="The as_of of a snapshot.")
    definition: dict[str, Any] = Field(description="Without what is as by default.")


class AllLists(Shown):
    """All lists as of the published run."""

    run_id: str
    as_of: datetime
    model_version: str
    items: list[ListInfo]


class Size(Shown):
    """How long a list was in one run."""

    run_id: str
    as_of: datetime
    n_members: int
    n_candidates: int


class OneList(ListInfo):
    """A list, and how its size went."""

    sizes: list[Size] = Field(description="The newest run first.")


class MemberScore(Shown):
    """A member, with the score."""

    place: int
    source: str = Field(description="filter, backfill or pick.")
    owner_id: str | None
    expected_profit: float | None = Field(description="Of the list's action.")
    score: CustomerScore


class MemberList(Shown):
    """A page of members, all of one run."""

    run_id: str
    as_of: datetime
    model_version: str
    items: list[MemberScore]
    next_cursor: str | None = Field(description="Null after the last page.")


class ColumnChange(Shown):
    """What a column was, and is."""

    column: str
    before: Any
    after: Any


class RuleChange(Shown):
    """A condition that holds in one run and not in the other."""

    rule: str = Field(description="Empty where the order moved the customer.")
    values: list[ColumnChange]


class MoveInfo(Shown):
    """Why one customer came or left."""

    customer_id: str
    why: str = Field(
        description="condition, guardrail, rank, backfill, definition or not_in_run."
    )
    reason: str | None = Field(description="The guardrail.")
    changes: list[RuleChange]


class ListChanges(Shown):
    """The difference of a list between two runs."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **RUN_EXAMPLE,
                    "from_run_id": "20111110T000000Z-0a1b2c3d4e5f",
                    "from_as_of": "2011-11-10T00:00:00Z",
                    "n_entered": 1,
                    "n_left": 0,
                    "n_stayed": 99,
                    "entered": [
                        {
                            "customer_id": "12345",
                            "why": "condition",
                            "reason": None,
                            "changes": [
                                {
                                    "rule": "churn_probability > 0.6",
                                    "values": [
                                        {
                                            "column": "churn_probability",
                                            "before": 0.45,
                                            "after": 0.71,
                                        }
                                    ],
                                }
                            ],
                        }
                    ],
                    "left": [],
                }
            ]
        }
    )

    run_id: str
    as_of: datetime
    model_version: str
    from_run_id: str
    from_as_of: datetime
    n_entered: int
    n_left: int
    n_stayed: int
    entered: list[MoveInfo]
    left: list[MoveInfo]


class CurvePoint(Shown):
    """What a list of one length costs and is expected to bring."""

    length: int
    cost: float
    profit: float


class OneProfit(Shown):
    """One customer's expected profit."""

    customer_id: str
    expected_profit: float


class ProfitInfo(Shown):
    """How long a list should be."""

    run_id: str
    as_of: datetime
    model_version: str
    currency: str | None
    action: Action
    save_rate_from: str = Field(description="config, list or request.")
    n_customers: int
    n_unknown: int = Field(description="Without a prediction; they take no part.")
    length: int = Field(description="How long the list should be.")
    ended_by: str = Field(description="profit, capacity, budget or customers.")
    expected_profit: float = Field(description="Of the list of that length.")
    cost: float
    last: OneProfit | None = Field(description="The marginal customer.")
    next: OneProfit | None = Field(description="The first who is not on it.")
    next_unit_of_budget: float | None = Field(
        description="What one more unit would bring; null where the action is free."
    )
    curve: list[CurvePoint]


class MembersQuery(Strict):
    """Which members."""

    model_config = ConfigDict(strict=False, extra="forbid")

    owner: Owner | None = Field(default=None, description="Only of this owner.")
    limit: int = Field(default=100, ge=1, le=MAX_PAGE, description="Rows a page.")
    cursor: str | None = Field(
        default=None,
        max_length=8_000,
        description="`next_cursor` of the page before, with the same owner.",
    )


class DiffQuery(Strict):
    """Between which runs."""

    model_config = ConfigDict(strict=False, extra="forbid", populate_by_name=True)

    start: Word | None = Field(
        default=None, alias="from", description="A run; by default the one before."
    )
    end: Word | None = Field(
        default=None, alias="to", description="A run; by default the published one."
    )
    limit: int = Field(
        default=100, ge=1, le=MAX_PAGE, description="Customers explained each way."
    )


class ExportQuery(Strict):
    """As what file."""

    model_config = ConfigDict(strict=False, extra="forbid")

    format: str = Field(default="csv", pattern="^(csv|xlsx|parquet)$")
    owner: Owner | None = Field(default=None, description="Only of this owner.")
    lang: str = Field(default="en", pattern="^(en|zh)$", description="Of the reasons.")


class ProfitQuery(Strict):
    """Terms that take the place of the list's."""

    model_config = ConfigDict(strict=False, extra="forbid")

    cost: Money | None = Field(default=None, description="Of one customer.")
    save_rate: Rate | None = Field(
        default=None, description="Of those who would leave."
    )
    capacity: int | None = Field(default=None, ge=1, le=10_000_000)
    budget: Money | None = None
