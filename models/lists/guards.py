"""Guardrails become rules, as far as a log can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from features.facts.standing_columns import FALSE, TRUE
from models.lists.definition import Guardrails, quoted
from models.rules import RuleType

Columns = Mapping[str, RuleType]


@dataclass(frozen=True, slots=True)
class Guards:
    """The rules that say whom to leave out.

    Parameters
    ----------
    rules : mapping of str to str
        Reason to rule, in the order in which they are asked.
    unchecked : tuple of str
        Guardrails that this log cannot check.
    needs : tuple of str
        Columns without which the guardrail may not be passed over.
    """

    rules: Mapping[str, str]
    unchecked: tuple[str, ...]
    needs: tuple[str, ...]


def write_guards(guardrails: Guardrails, columns: Columns) -> Guards:
    """Write a list's guardrails as rules over the columns of a run.

    Consent is not assumed: where the log does not have the column, it is needed, and
    what is not known of a customer is no consent. The others are passed over and named
    where there is no column; what is not known of a customer leaves nobody out.
    """
    rules: dict[str, str] = {}
    unchecked: list[str] = []
    needs: list[str] = []
    if guardrails.consent is not None:
        column = f"consent_{guardrails.consent}"
        if column in columns:
            rules["no_consent"] = f"({is_yes(column, columns)}) is not true"
        else:
            needs.append(column)
    marked = _marked(guardrails.customer_types, columns)
    if guardrails.customer_types and not marked:
        unchecked.append("customer_type")
    rules |= marked
    if guardrails.arrears:
        if "arrears" in columns:
            rules["arrears"] = _owes(columns["arrears"])
        else:
            unchecked.append("arrears")
    if guardrails.open_complaint:
        rules["open_complaint"] = "has_open_complaint"
    if guardrails.contacted_within_days is not None:
        days = guardrails.contacted_within_days
        rules["contacted_recently"] = f"days_since_last_contact < {days}"
    return Guards(rules, tuple(unchecked), tuple(needs))


def is_yes(column: str, columns: Columns) -> str:
    """Write that a column says yes, whatever its type."""
    kind = columns[column]
    if kind is RuleType.BOOLEAN:
        return column
    if kind is RuleType.NUMBER:
        return f"{column} = 1"
    return f"lower({column}) in ({_listed(TRUE)})"


def _owes(kind: RuleType) -> str:
    """Write that the column ``arrears`` says more than no or nothing."""
    if kind is RuleType.BOOLEAN:
        return "arrears"
    if kind is RuleType.NUMBER:
        return "arrears > 0"
    return f"lower(arrears) not in ({_listed((*FALSE, '', '0.00', 'none'))})"


def _marked(types: tuple[str, ...], columns: Columns) -> dict[str, str]:
    """Write for each type that customer_type, or a flag of its name, says it."""
    found = {}
    for name in types:
        parts = []
        if columns.get("customer_type") is RuleType.TEXT:
            parts.append(f"lower(customer_type) = {quoted(name.lower())}")
        for flag in (name, f"is_{name}"):
            if flag in columns and columns[flag] is not RuleType.DATE:
                parts.append(is_yes(flag, columns))
        if parts:
            found[name] = " or ".join(parts)
    return found


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(quoted(word) for word in words)
