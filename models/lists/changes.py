"""Why a customer came onto a list, or left it, between two runs.

The rules of the run in which the customer was a member are asked of its facts in the
other run: what does not hold there is why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.lists.definition import ListDefinition
from models.lists.reading import ReadList, read_list
from models.rules import Rule
from models.rules.engine import select_rows
from models.rules.words import split_rule
from models.score.fact_types import types_of

Why = Literal["not_in_run", "condition", "guardrail", "backfill", "rank", "definition"]
Facts = Mapping[str, Any]
Pair = tuple[Any, Any]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Side:
    """A list in one of the two runs.

    Parameters
    ----------
    definition : ListDefinition or None
        As it was in that run; None where the list was not there.
    facts : pyarrow.Table
        Of the customers in question, as far as the run has them.
    """

    definition: ListDefinition | None
    facts: pa.Table


@dataclass(frozen=True, slots=True)
class Change:
    """A condition or guardrail that holds in one run and not in the other.

    Parameters
    ----------
    rule : str
        Empty where it is the order that moved the customer.
    values : mapping of str to (before, after)
        Each column that it names.
    """

    rule: str
    values: Mapping[str, Pair]


@dataclass(frozen=True, slots=True)
class Move:
    """Why one customer moved.

    Parameters
    ----------
    why : str
        ``not_in_run`` (the other run does not have the customer), ``condition``,
        ``guardrail``, ``backfill`` (the list was filled up), ``rank`` (others come
        first) or ``definition`` (the list itself was changed).
    reason : str or None
        The guardrail.
    changes : tuple of Change
    """

    customer_id: str
    why: Why
    reason: str | None = None
    changes: tuple[Change, ...] = ()


def explain_moves(
    members: Sequence[tuple[str, str]], *, inside: Side, outside: Side, entered: bool
) -> list[Move]:
    """Say why customers are members in one run and not in the other.

    Parameters
    ----------
    members : sequence of (customer_id, source)
        As ``MEMBERS`` of the run in which they are members.
    inside, outside : Side
        The run in which they are members, and the other.
    entered : bool
        Whether the run with the members is the later one.
    """
    read = None
    if inside.definition is not None:
        read = read_list(inside.definition, types_of(inside.facts.schema))
    if not isinstance(read, ReadList):
        return [Move(customer, "definition") for customer, _ in members]
    comparison = Comparison.of(read, inside, outside, entered=entered)
    return [comparison.explain(customer, source) for customer, source in members]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rules of one run, asked of the facts of another.

    Parameters
    ----------
    conditions : tuple of Rule
        All of these have to hold.
    guards : mapping of str to Rule
    order : frozenset of str
        The columns that customers are ordered by.
    masks : mapping of str to array of bool
        By a rule's text: for whom of the other run it holds. A rule about a column that
        the other run does not have is not there.
    here, there : mapping of str to mapping
        The facts of customers in the two runs.
    places : mapping of str to int
        Where customers stand in the masks.
    """

    conditions: tuple[Rule, ...]
    guards: Mapping[str, Rule]
    order: frozenset[str]
    masks: Mapping[str, Mask]
    here: Mapping[str, Facts]
    there: Mapping[str, Facts]
    places: Mapping[str, int]
    is_same_list: bool
    entered: bool

    @classmethod
    def of(
        cls, read: ReadList, inside: Side, outside: Side, *, entered: bool
    ) -> Comparison:
        """Ask the rules of the other run's facts."""
        conditions = tuple(
            part for each in read.conditions for part in split_rule(each)
        )
        has = {*outside.facts.column_names}
        asked = [*conditions, *read.guards.values()]
        usable = {rule.text: rule for rule in asked if rule.columns <= has}
        there = _rows(outside.facts)
        return cls(
            conditions,
            read.guards,
            read.order.columns,
            select_rows(outside.facts, usable),
            _rows(inside.facts),
            there,
            {customer: place for place, customer in enumerate(there)},
            outside.definition == inside.definition,
            entered,
        )

    def explain(self, customer: str, source: str) -> Move:
        """Say why one customer is no member there."""
        if customer not in self.places:
            return Move(customer, "not_in_run")
        if source == "backfill":
            return Move(customer, "backfill")
        failing = [rule for rule in self.conditions if not self._holds(rule, customer)]
        if failing:
            changes = tuple(
                Change(rule.text, self._pairs(rule.columns, customer))
                for rule in failing
            )
            return Move(customer, "condition", changes=changes)
        for reason, rule in self.guards.items():
            if self._holds(rule, customer):
                change = Change(rule.text, self._pairs(rule.columns, customer))
                return Move(customer, "guardrail", reason=reason, changes=(change,))
        if not self.is_same_list:
            return Move(customer, "definition")
        moved = Change("", self._pairs(self.order, customer))
        return Move(customer, "rank", changes=(moved,))

    def _holds(self, rule: Rule, customer: str) -> bool:
        """Tell whether a rule holds; where its column is missing, it does not."""
        mask = self.masks.get(rule.text)
        return mask is not None and bool(mask[self.places[customer]])

    def _pairs(self, columns: frozenset[str], customer: str) -> dict[str, Pair]:
        """Return what columns were before, and after."""
        there, here = self.there[customer], self.here.get(customer, {})
        before, after = (there, here) if self.entered else (here, there)
        return {name: (before.get(name), after.get(name)) for name in sorted(columns)}


def _rows(facts: pa.Table) -> dict[str, Facts]:
    return {row["customer_id"]: row for row in facts.to_pylist()}
