"""Read rules, amounts and orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from models.rules.language.faults import fault_at
from models.rules.language.limits import read_words
from models.rules.language.nodes import Call, Column, Node, RuleType, walk
from models.rules.language.reader import Reader
from models.rules.rule import Amount, Order, Rule

if TYPE_CHECKING:
    from sqlglot import exp

Columns = Mapping[str, RuleType]

MAX_KEYS = 8
"""Expressions in one order."""

NO_ORDER = "an order is expressions, each with asc or desc"
LEAD = "select 1 order by "


def parse_rule(text: str, columns: Columns) -> Rule:
    """Read a condition.

    Parameters
    ----------
    text : str
        A SQL boolean expression.
    columns : mapping of str to RuleType
        What it may name.

    Raises
    ------
    RuleError
        If it is not in the language, with the place of the fault.

    Examples
    --------
    >>> columns = {"tier": RuleType.TEXT, "churn_probability": RuleType.NUMBER}
    >>> rule = parse_rule("churn_probability > 0.6 and tier in ('VIP', 'A')", columns)
    >>> rule.to_sql("sqlite", column=lambda name: name)
    CompiledRule(sql='((churn_probability > :p0) AND (tier IN (:p1, :p2)))', \
params={'p0': 0.6, 'p1': 'VIP', 'p2': 'A'})
    """
    tree, names = _read(text, columns, wanted=RuleType.BOOLEAN)
    return Rule(text, names, tree)


def parse_amount(text: str, columns: Columns) -> Amount:
    """Read a number that is computed of a customer.

    Raises
    ------
    RuleError
        If it is not in the language, with the place of the fault.
    """
    tree, names = _read(text, columns, wanted=RuleType.NUMBER)
    return Amount(text, names, tree)


def parse_order(text: str, columns: Columns) -> Order:
    """Read what customers are ordered by, such as ``value_at_risk desc, tier``.

    Raises
    ------
    RuleError
        If it is not in the language, with the place of the fault.
    """
    reader = Reader(text, columns)
    keys = []
    for node, down in _split_order(text):
        reader.offset = 0
        key = reader.read(node)
        if key.type is RuleType.BOOLEAN and isinstance(key, Call):
            raise reader.fault("a condition is no order", node)
        if not any(isinstance(part, Column) for part in walk(key)):
            raise reader.fault("an order names a column", node)
        keys.append((key, down))
    return Order(text, frozenset(reader.names), tuple(keys))


def _read(
    text: str, columns: Columns, *, wanted: RuleType
) -> tuple[Node, frozenset[str]]:
    read_words(text)
    reader = Reader(text, columns)
    expression = reader.read(_parse(text, text))
    if expression.type is not wanted:
        raise fault_at(text, 0, f"the whole is {expression.type}, not {wanted}")
    return expression, frozenset(reader.names)


def _parse(text: str, sql: str) -> exp.Expression:
    """Return SQLGlot's tree of one expression.

    Parameters
    ----------
    text : str
        The rule, for its faults.
    sql : str
        The rule, with as many characters put before it as ``SELECT`` has.
    """
    import sqlglot
    from sqlglot.errors import ParseError

    before = len(sql) - len(text)
    try:
        trees: list[Any] = sqlglot.parse(sql)
    except ParseError as exc:
        offset = _offset(text, exc.errors[0] if exc.errors else {}) - before
        raise fault_at(text, offset, "this cannot be read") from None
    except RecursionError:
        raise fault_at(text, 0, "nested too deeply") from None
    if len(trees) != 1 or trees[0] is None:
        offset = max(text.find(";"), 0)
        raise fault_at(text, offset, "one expression is needed, not several")
    return cast("exp.Expression", trees[0])


def _offset(text: str, error: Mapping[str, Any]) -> int:
    """Return where a word begins that SQLGlot names by its last place."""
    lines = text.splitlines(keepends=True)
    line = int(error.get("line") or 1) - 1
    length = len(str(error.get("highlight") or ""))
    before = sum(len(earlier) for earlier in lines[:line])
    return max(before + int(error.get("col") or 1) - max(length, 1), 0)


def _split_order(text: str) -> Iterator[tuple[exp.Expression, bool]]:
    """Yield the expressions of an order, and whether each is downwards."""
    for word in read_words(text):
        if word.text.lower() == "nulls":
            raise fault_at(text, word.start, "the unknown comes last always")
    select: Any = _parse(text, LEAD + text)
    parts = {key for key, value in select.args.items() if value} - {"kind"}
    if parts != {"expressions", "order"} or type(select).__name__ != "Select":
        raise fault_at(text, 0, NO_ORDER)
    _move_back(select)
    keys = select.args["order"].expressions
    if len(keys) > MAX_KEYS:
        raise fault_at(text, 0, f"an order has at most {MAX_KEYS} parts")
    for key in keys:
        if type(key).__name__ != "Ordered" or key.args.get("with_fill"):
            raise fault_at(text, 0, NO_ORDER)
        yield key.this, bool(key.args.get("desc"))


def _move_back(select: exp.Expression) -> None:
    """Count characters from where the order begins."""
    for part in select.walk():
        if "start" in part.meta:
            part.meta["start"] -= len(LEAD)
