"""What a rule is once it is read: a small typed tree, free of SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class RuleType(StrEnum):
    """The types of columns and of expressions.

    Numbers are doubles; texts compare by their bytes; an instant is UTC.
    """

    NUMBER = "a number"
    TEXT = "text"
    BOOLEAN = "true or false"
    DATE = "a date"
    INSTANT = "an instant"


@dataclass(frozen=True, slots=True)
class Column:
    """A known column."""

    name: str
    type: RuleType


@dataclass(frozen=True, slots=True)
class Value:
    """A constant; dates and instants are in the text that SQLite keeps."""

    value: float | str | bool
    type: RuleType


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function.

    Parameters
    ----------
    op : str
        As ``writer`` writes it.
    args : tuple of node
    type : RuleType
        Of the result.
    """

    op: str
    args: tuple[Node, ...]
    type: RuleType


Node = Column | Value | Call


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    yield node
    if isinstance(node, Call):
        for arg in node.args:
            yield from walk(arg)


def degree(node: Node) -> int:
    """Return how many factors meet in a number; a division counts as a product."""
    if not isinstance(node, Call):
        return 1
    degrees = [degree(arg) for arg in node.args]
    return sum(degrees) if node.op in {"*", "/"} else max(degrees)


def count_inside(node: Node, ops: tuple[str, ...]) -> int:
    """Return how many of some operators stand inside each other at most."""
    if not isinstance(node, Call):
        return 0
    inside = max(count_inside(arg, ops) for arg in node.args)
    return inside + (node.op in ops)
