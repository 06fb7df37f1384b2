"""The list of what SQLGlot's trees may hold; what is not on it is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from models.rules.language.constants import read_date, read_instant
from models.rules.language.nodes import Node, RuleType, Value

FUNCTIONS = ("abs", "coalesce", "greatest", "least", "lower", "upper")
ORDERED = {RuleType.NUMBER, RuleType.DATE, RuleType.INSTANT}

OPERATORS: dict[str, str] = {
    "EQ": "=",
    "NEQ": "<>",
    "LT": "<",
    "LTE": "<=",
    "GT": ">",
    "GTE": ">=",
    "Add": "+",
    "Sub": "-",
    "Mul": "*",
    "Div": "/",
    "And": "and",
    "Or": "or",
}
NAMED = {"Abs", "Coalesce", "Greatest", "Least", "Lower", "Upper"}
PARTS: dict[str, str] = {
    **dict.fromkeys(OPERATORS, "this expression"),
    **dict.fromkeys(NAMED, "this expressions ignore_nulls"),
    "Column": "this",
    "Literal": "this is_string",
    "Boolean": "this",
    "Cast": "this to",
    "Not": "this",
    "Neg": "this",
    "Is": "this expression negate",
    "In": "this expressions negate",
    "Between": "this low high negate",
    "Like": "this expression negate",
}
"""What each node of SQLGlot's may hold; its next version may put more in them."""

UNKNOWN = "this is not part of the language"

CONSTANTS: dict[str, Callable[[str], Value]] = {
    "DATE": read_date,
    "TIMESTAMP": read_instant,
    "TIMESTAMPTZ": read_instant,
}


def find_column(written: str, columns: Iterable[str], *, quoted: bool) -> str | None:
    """Return the column that is meant; without quotes, case does not matter."""
    names = list(columns)
    if written in names:
        return written
    alike = [name for name in names if name.lower() == written.lower()]
    return alike[0] if len(alike) == 1 and not quoted else None


def convert(node: Node, wanted: RuleType) -> Value | None:
    """Take text for a date or an instant, and a date for an instant; else None.

    Raises
    ------
    ValueError
        If the text is not one.
    """
    reads = {RuleType.DATE: read_date, RuleType.INSTANT: read_instant}
    is_date = node.type is RuleType.DATE and wanted is RuleType.INSTANT
    if isinstance(node, Value) and wanted in reads:
        if node.type is RuleType.TEXT or is_date:
            return reads[wanted](str(node.value))
    return None


def find_word(text: str, word: str, *, near: int) -> int:
    """Return where a word is that SQLGlot gives no place for."""
    before = text.lower().rfind(word, 0, near + len(word))
    return before if before >= 0 else max(text.lower().find(word, near), near)


def is_function(node: Any) -> bool:
    from sqlglot import exp

    return isinstance(node, exp.Func) and not isinstance(node, exp.Case)


def first_character(node: Any, default: int) -> int:
    """Return the first character of a node that SQLGlot knows the place of."""
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    return min(starts, default=default)
