"""Write a tree as the rule that it was read from, in one fixed form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.rules.language.constants import ESCAPE
from models.rules.language.nodes import Call, Column, Node, RuleType, Value, walk
from models.rules.rule import Rule

PLAIN = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)
INFIX = frozenset(["and", "or", "=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/"])


def split_rule(rule: Rule) -> list[Rule]:
    """Return the conditions that all have to hold.

    Examples
    --------
    >>> from models.rules import parse_rule
    >>> kinds = {"tier": RuleType.TEXT, "x": RuleType.NUMBER}
    >>> [part.text for part in split_rule(parse_rule("x>.5 and tier in ('A')", kinds))]
    ['x > 0.5', "tier in ('A')"]
    """
    return [
        Rule(
            to_text(node),
            frozenset(part.name for part in walk(node) if isinstance(part, Column)),
            node,
        )
        for node in _conjuncts(rule.tree)
    ]


def to_text(node: Node) -> str:
    """Return a node as a rule says it, in brackets only inside others."""
    if isinstance(node, Column):
        return _name(node.name)
    if isinstance(node, Value):
        return _constant(node)
    args = [_inside(arg) for arg in node.args]
    forms = {
        "is null": "{0} is null",
        "is true": "{0} is true",
        "is false": "{0} is false",
        "not": "not {0}",
        "negative": "- {0}",
        "between": "{0} between {1} and {2}",
    }
    if node.op in forms:
        return forms[node.op].format(*args)
    if node.op in INFIX:
        return f" {node.op} ".join(args)
    if node.op == "like":
        return f"{args[0]} like {_pattern(node.args[1])}"
    if node.op == "in":
        return f"{args[0]} in ({', '.join(args[1:])})"
    return f"{node.op}({', '.join(to_text(arg) for arg in node.args)})"


def _inside(node: Node) -> str:
    """Write a part; functions need no brackets of their own."""
    text = to_text(node)
    is_plain = not isinstance(node, Call) or node.op in {
        "abs",
        "least",
        "greatest",
        "coalesce",
        "lower",
        "upper",
    }
    return text if is_plain else f"({text})"


def _constant(node: Value) -> str:
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if isinstance(node.value, (int, float)):
        return repr(node.value).removesuffix(".0")
    text = "'" + str(node.value).replace("'", "''") + "'"
    kinds = {RuleType.DATE: "date ", RuleType.INSTANT: "timestamp "}
    return kinds.get(node.type, "") + text


def _pattern(node: Node) -> str:
    """Write a pattern with the escape that rules use."""
    assert isinstance(node, Value)
    written = re.sub(
        f"{ESCAPE}(.)|\\\\",
        lambda match: {"%": "\\%", "_": "\\_"}.get(match[1], match[1] or "\\\\"),
        str(node.value),
    )
    return "'" + written.replace("'", "''") + "'"


def _name(name: str) -> str:
    return name if PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, Call) and node.op == "and":
        for arg in node.args:
            yield from _conjuncts(arg)
    else:
        yield node
