"""Classes that rules compare with, and that no customer can be in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from features.errors import ConfigError
from features.suggest import did_you_mean
from models.rules import Rule, RuleType
from models.rules.language.nodes import Call, Column, Value, walk
from models.tiers.definition.dependencies import PREFIX
from models.tiers.definition.scheme import TIERS

Classes = Mapping[str, Sequence[str]]
"""Column to the classes that it may hold."""


def classes_by_column(
    schemes: Mapping[str, Mapping[str, Any]], primary: str
) -> Classes:
    """Return the classes of a run's columns of tiers.

    Parameters
    ----------
    schemes : mapping
        As ``Graded.summary``.
    """
    graded = {
        name: terms["classes"]
        for name, terms in schemes.items()
        if not {"skipped", "fault"} & {*terms}
    }
    tiers = {f"{PREFIX}{name}": classes for name, classes in graded.items()}
    return {"tier": graded.get(primary, TIERS), **tiers}


def find_unknown_class(rules: Iterable[Rule], classes: Classes) -> ConfigError | None:
    """Return what is wrong with the first rule that names a class there is not."""
    for rule in rules:
        for column, text in _compared(rule):
            possible = classes.get(column, (text,))
            if text not in possible:
                return ConfigError(
                    f"{column} is compared with {text!r}, and has no such class.",
                    needed=f"One of {', '.join(possible)}.",
                    todo=did_you_mean(text, possible),
                )
    return None


def _compared(rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield the columns of text that a rule compares with a value, and the value."""
    for node in walk(rule.tree):
        if isinstance(node, Call) and node.op in {"=", "<>", "in"}:
            columns = [arg.name for arg in node.args if isinstance(arg, Column)]
            for arg in node.args:
                if isinstance(arg, Value) and arg.type is RuleType.TEXT:
                    yield from ((column, str(arg.value)) for column in columns)
