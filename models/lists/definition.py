"""What a list is, as a config file or a caller writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    field_validator,
    model_validator,
)
from pydantic.types import StringConstraints
from pydantic_core import PydanticCustomError

from models.rules import RuleType, parse_amount, parse_order, parse_rule
from models.score.fact_types import FACT_TYPES

NAME = r"^[a-z][a-z0-9_]{0,63}$"
MAX_MEMBERS = 100_000
"""Customers whom a manual list may name."""

MAX_RULE = 10_000

Name = Annotated[str, StringConstraints(strict=True, pattern=NAME)]
Rule = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=MAX_RULE)]
Word = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=256, pattern=r"^[^\x00]+$"),
]
Column = Annotated[str, StringConstraints(strict=True, pattern=r"^\w{1,64}$")]
Title = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]
Days = Annotated[StrictInt, Field(ge=1, le=3650)]
Count = Annotated[StrictInt, Field(ge=1, le=10_000_000)]
Money = Annotated[float, Field(strict=True, ge=0, le=1e12, allow_inf_nan=False)]
Rate = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]

ATTRIBUTE_TYPES: Mapping[str, RuleType] = {
    **dict.fromkeys(
        ("owner_id", "region", "industry", "source", "customer_type"), RuleType.TEXT
    ),
    "joined_at": RuleType.INSTANT,
    "strategic": RuleType.BOOLEAN,
    "key_resource": RuleType.BOOLEAN,
}
"""Attributes that are known by name, whether or not a log has them."""


class Part(BaseModel):
    """A table of a list: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Guardrails(Part):
    """Whom to leave out, whatever the condition says."""

    consent: Column | None = Field(
        default=None,
        description="a purpose: who has not consented in consent_<purpose> is left out",
    )
    contacted_within_days: Days | None = Field(
        default=None, description="leave out whom we contacted in so many days"
    )
    open_complaint: StrictBool = Field(
        default=True, description="leave out whose complaint is open"
    )
    arrears: StrictBool = Field(default=True, description="leave out who is in arrears")
    customer_types: tuple[Word, ...] = Field(
        default=("internal", "competitor"),
        max_length=50,
        description="leave out these of customer_type, and who is flagged as one",
    )


class Action(Part):
    """What is done for each member, what it costs and what it saves.

    A save rate is the share of those about to leave who stay for it. There is no
    default: nobody but the company knows it.
    """

    cost: Money = Field(description="of one customer")
    save_rate: Rate = Field(description="of those about to leave, who stay for it")
    probability: Rule = Field(
        default="churn_probability", description="of what the action prevents"
    )
    stake: Rule = Field(
        default="expected_value", description="the value at stake, in money"
    )
    capacity: Count | None = Field(default=None, description="customers at most")
    budget: Money | None = Field(default=None, description="money at most")


class ListDefinition(Part):
    """A list of customers."""

    kind: Literal["dynamic", "snapshot", "manual"] = Field(
        default="dynamic",
        description="dynamic: anew with each run; snapshot: taken once; manual: by id",
    )
    title: Title | None = Field(default=None, description="in English")
    title_zh: Title | None = Field(default=None, description="in Chinese")
    filter: Rule | None = Field(default=None, description="a rule; see docs/rules.md")
    members: tuple[Word, ...] = Field(
        default=(), max_length=MAX_MEMBERS, description="of a manual list, by id"
    )
    order: Rule = Field(default="value_at_risk desc", description="who comes first")
    limit: Count | Literal["optimal"] | None = Field(
        default=None, description="members at most; optimal: as many as pay"
    )
    min_size: Count | None = Field(
        default=None, description="fill up to so many from backfill"
    )
    backfill: tuple[Rule, ...] = Field(
        default=(), max_length=10, description="rules, in the order in which they fill"
    )
    owner: Word | None = Field(default=None, description="only customers of this owner")
    cadence_days: dict[Word, Days] = Field(
        default={},
        max_length=50,
        description="by tier: due when the last contact is so long ago",
    )
    needs: tuple[Column, ...] = Field(
        default=(), max_length=50, description="one of these must be known of somebody"
    )
    guardrails: Guardrails = Guardrails()
    action: Action | None = None

    @field_validator("members", "backfill", "needs")
    @classmethod
    def refuse_twins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse the same twice."""
        if len(set(value)) < len(value):
            raise PydanticCustomError("twins", "Give each once")
        return value

    @model_validator(mode="after")
    def be_whole(self) -> Self:
        """Refuse parts that do not go together."""
        by_id = self.kind == "manual"
        faults = {
            "A manual list has members and no filter": by_id
            and self.filter is not None,
            "A manual list has no backfill, min_size or cadence_days": by_id
            and bool(self.backfill or self.min_size or self.cadence_days),
            "A list that is not manual has a filter": not by_id and self.filter is None,
            "A list with a filter names no members": not by_id and bool(self.members),
            "min_size and backfill go together": (self.min_size is None)
            != (not self.backfill),
            "limit = optimal needs an action": self.limit == "optimal"
            and self.action is None,
        }
        for text, is_so in faults.items():
            if is_so:
                raise PydanticCustomError("not_whole", text)
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without what is as by default."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @property
    def least(self) -> int:
        """Return how many members backfill fills up to; a limit below it holds."""
        least = self.min_size or 0
        return min(least, self.limit) if isinstance(self.limit, int) else least

    def conditions(self, columns: Mapping[str, RuleType]) -> list[str]:
        """Return the filter, the owner's and the cadence's condition.

        Parameters
        ----------
        columns : mapping of str to RuleType
            Of the run; they tell which column names the owner.
        """
        parts = [] if self.filter is None else [self.filter]
        if self.owner is not None:
            parts.append(f"{owner_column(columns)} = {quoted(self.owner)}")
        if self.cadence_days:
            since = "days_since_last_contact"
            due = (
                f"(tier = {quoted(tier)} and ({since} is null or {since} >= {days}))"
                for tier, days in self.cadence_days.items()
            )
            parts.append(" or ".join(due))
        return parts


def check_list(
    definition: ListDefinition, columns: Mapping[str, RuleType] | None = None
) -> None:
    """Refuse a list whose rules cannot be read.

    Parameters
    ----------
    definition : ListDefinition
    columns : mapping of str to RuleType, optional
        What a run's rules may name; without it, what every log may have.

    Raises
    ------
    RuleError
        With the place of the fault.
    """
    known = known_columns(columns or {})
    for rule in (*definition.conditions(known), *definition.backfill):
        parse_rule(rule, known)
    parse_order(definition.order, known)
    if definition.action is not None:
        parse_amount(definition.action.probability, known)
        parse_amount(definition.action.stake, known)


def known_columns(columns: Mapping[str, RuleType]) -> dict[str, RuleType]:
    """Return a run's columns, with those that other logs have."""
    found = {**ATTRIBUTE_TYPES, **FACT_TYPES, **columns}
    lower = {name.lower() for name in columns}
    return {
        name: kind
        for name, kind in found.items()
        if name in columns or name.lower() not in lower
    }


def owner_column(columns: Mapping[str, RuleType]) -> str:
    """Return the column that names the owner: the log's own, or who was last in touch.

    >>> owner_column({"contact_owner_id": RuleType.TEXT})
    'contact_owner_id'
    """
    known = "owner_id" in columns or "contact_owner_id" not in columns
    return "owner_id" if known else "contact_owner_id"


def quoted(text: str) -> str:
    """Write a text as a rule does.

    >>> quoted("O'Neill")
    "'O''Neill'"
    """
    return "'" + text.replace("'", "''") + "'"
