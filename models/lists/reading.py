"""A list's rules, read for the columns of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from features.errors import RuleError
from models.lists.built import BuiltList, without_members
from models.lists.definition import ListDefinition, known_columns
from models.lists.guards import Guards, write_guards
from models.rules import (
    Amount,
    Order,
    Rule,
    RuleType,
    parse_amount,
    parse_order,
    parse_rule,
)

Columns = Mapping[str, RuleType]


@dataclass(frozen=True, slots=True)
class ReadList:
    """A list whose rules are read.

    Parameters
    ----------
    conditions : tuple of Rule
        All of these.
    backfill : tuple of Rule
        Those that this log can tell.
    guards : mapping of str to Rule
        Reason to whom it leaves out.
    amounts : tuple of Amount
        The action's probability and stake, where there is an action.
    unchecked : tuple of str
        Guardrails and rules of backfill that this log cannot tell.
    """

    definition: ListDefinition
    conditions: tuple[Rule, ...]
    backfill: tuple[Rule, ...]
    order: Order
    guards: Mapping[str, Rule]
    amounts: tuple[Amount, ...]
    unchecked: tuple[str, ...]

    def rules(self) -> list[Rule]:
        """Return all rules that are asked of every customer."""
        return [*self.conditions, *self.backfill, *self.guards.values()]

    def columns(self) -> frozenset[str]:
        """Return all columns that are named."""
        named = [rule.columns for rule in self.rules()]
        named += [amount.columns for amount in self.amounts]
        return self.order.columns.union(*named)


def read_list(definition: ListDefinition, columns: Columns) -> ReadList | BuiltList:
    """Read a list's rules, or say why it cannot be made with these columns."""
    guards = write_guards(definition.guardrails, columns)
    try:
        parsed = _parse(definition, guards, columns)
    except RuleError as exc:
        return without_members(fault=str(exc))
    usable = tuple(rule for rule in parsed.backfill if rule.columns <= {*columns})
    lacking = (parsed.columns() - {*columns}) | {*guards.needs}
    lacking = lacking.difference(
        *(rule.columns for rule in parsed.backfill if rule not in usable)
    )
    if lacking:
        return without_members(needs=tuple(sorted(lacking)))
    unused = tuple(rule.text for rule in parsed.backfill if rule not in usable)
    unchecked = (*guards.unchecked, *unused)
    return replace(parsed, backfill=usable, unchecked=unchecked)


def is_known(facts: pa.Table, names: Sequence[str]) -> bool:
    """Tell whether one of some columns holds anything."""
    columns = [name for name in names if name in facts.column_names]
    return any(facts[name].null_count < facts.num_rows for name in columns)


def _parse(definition: ListDefinition, guards: Guards, columns: Columns) -> ReadList:
    types = known_columns(columns)
    action = definition.action
    amounts = () if action is None else (action.probability, action.stake)
    return ReadList(
        definition,
        tuple(parse_rule(text, types) for text in definition.conditions(columns)),
        tuple(parse_rule(text, types) for text in definition.backfill),
        parse_order(definition.order, types),
        {name: parse_rule(text, types) for name, text in guards.rules.items()},
        tuple(parse_amount(text, types) for text in amounts),
        (),
    )
