"""Where in a rule the fault is."""

from __future__ import annotations

from features.errors import RuleError


def fault_at(
    text: str,
    offset: int,
    fault: str,
    *,
    problem: str = "",
    needed: str = "",
    todo: str = "",
) -> RuleError:
    """Return the error for a fault at a character of a rule.

    Parameters
    ----------
    text : str
        The rule.
    offset : int
        Characters before the fault.
    fault : str
        What is wrong, without a word of the rule.
    problem : str
        The same with its words, where they help.
    """
    offset = min(max(offset, 0), len(text))
    before = text[:offset]
    line = before.count("\n") + 1
    column = offset - (before.rfind("\n") + 1) + 1
    place = f"line {line}, column {column}"
    return RuleError(
        f"Rule, {place}: {problem or fault}.",
        needed=needed,
        todo=todo,
        fault=f"At {place}: {fault}",
        offset=offset,
        line=line,
        column=column,
    )
