"""From SQLGlot's tree to ours: what is not on the list here is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from features.errors import RuleError
from features.suggest import did_you_mean
from models.rules.language.constants import read_number, read_pattern, read_text
from models.rules.language.faults import fault_at
from models.rules.language.grammar import (
    CONSTANTS,
    FUNCTIONS,
    NAMED,
    OPERATORS,
    ORDERED,
    PARTS,
    UNKNOWN,
    convert,
    find_column,
    find_word,
    first_character,
    is_function,
)
from models.rules.language.limits import (
    MAX_DEGREE,
    MAX_DEPTH,
    MAX_EXTREMES,
    MAX_ITEMS,
    MAX_NODES,
)
from models.rules.language.nodes import (
    Call,
    Column,
    Node,
    RuleType,
    Value,
    count_inside,
    degree,
)

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(slots=True)
class Reader:
    """Reads one rule.

    Parameters
    ----------
    text : str
        The rule.
    columns : mapping of str to RuleType
        What it may name.
    """

    text: str
    columns: Mapping[str, RuleType]
    offset: int = 0
    depth: int = 0
    n_nodes: int = 0
    n_items: int = 0
    names: set[str] = field(default_factory=set)

    def read(self, node: exp.Expression) -> Node:
        """Return a node of SQLGlot's as one of ours.

        Raises
        ------
        RuleError
            If it is not on the list, or its types do not fit.
        """
        kind = type(node).__name__
        if kind == "Paren":
            return self.read(node.this)
        self._count(node)
        before, self.depth = self.offset, self.depth + 1
        self.offset = first_character(node, self.offset)
        self._check_parts(kind, node)
        expression = self._read(kind, node)
        self.offset, self.depth = before, self.depth - 1
        if node.args.get("negate"):
            return Call("not", (expression,), RuleType.BOOLEAN)
        return expression

    def fault(self, fault: str, at: Any = None, **words: str) -> RuleError:
        """Return the error for a node, or for the one being read."""
        offset = self.offset if at is None else first_character(at, self.offset)
        return fault_at(self.text, offset, fault, **words)

    def _count(self, node: exp.Expression) -> None:
        self.n_nodes += 1
        if self.n_nodes > MAX_NODES:
            needed = f"At most {MAX_NODES:,} columns, values and operators."
            raise self.fault("the rule is too large", node, needed=needed)
        if self.depth >= MAX_DEPTH:
            needed = f"At most {MAX_DEPTH} inside each other."
            raise self.fault("nested too deeply", node, needed=needed)

    def _check_parts(self, kind: str, node: exp.Expression) -> None:
        """Refuse what stands in a node beside what is read of it."""
        allowed = PARTS.get(kind)
        parts = {name for name, part in node.args.items() if part}
        if kind == "Column" and "table" in parts:
            raise self.fault("a column has no table before it")
        if allowed is not None and parts - set(allowed.split()):
            raise self.fault(UNKNOWN)

    def _read(self, kind: str, node: exp.Expression) -> Node:
        if kind in {"And", "Or"}:
            return self._junction(kind, node)
        if kind in OPERATORS:
            return self._binary(OPERATORS[kind], node)
        if kind in NAMED:
            return self._function(kind.lower(), node)
        reads: dict[str, Callable[[Any], Node]] = {
            "Column": self._column,
            "Literal": self._literal,
            "Boolean": lambda literal: Value(bool(literal.this), RuleType.BOOLEAN),
            "Cast": self._constant,
            "Not": self._not,
            "Neg": self._negative,
            "Is": self._is,
            "In": self._in,
            "Between": self._between,
            "Like": self._like,
        }
        if kind in reads:
            return reads[kind](node)
        raise self._unknown(kind, node)

    def _unknown(self, kind: str, node: Any) -> RuleError:
        if kind == "Null":
            return self.fault(
                "null is compared with nothing", todo="Write `is null` after a column."
            )
        if is_function(node):
            name = str(node.this) if kind == "Anonymous" else node.sql_name().lower()
            if "start" not in node.meta:
                self.offset = find_word(self.text, name, near=self.offset)
            return self.fault(
                "there is no such function",
                problem=f"there is no function {name!r}",
                needed=f"Known: {', '.join(FUNCTIONS)}.",
                todo=did_you_mean(name, FUNCTIONS),
            )
        return self.fault(
            UNKNOWN,
            needed="Columns, values, and or not, comparisons, between, in, like,"
            " is null, + - * /, and functions.",
        )

    def _column(self, node: exp.Column) -> Node:
        identifier = node.this
        if type(identifier).__name__ != "Identifier":
            raise self.fault(UNKNOWN)
        written, quoted = str(identifier.this), bool(identifier.args["quoted"])
        name = find_column(written, self.columns, quoted=quoted)
        if name is None:
            todo = "Put text in single quotes." if quoted else ""
            raise self.fault(
                "there is no such column",
                problem=f"there is no column {written!r}",
                todo=did_you_mean(written, self.columns) or todo,
            )
        self.names.add(name)
        return Column(name, self.columns[name])

    def _literal(self, node: exp.Literal) -> Value:
        read = read_text if node.is_string else read_number
        return self._constant_of(read, str(node.this))

    def _constant_of(self, read: Callable[[str], Value], written: str) -> Value:
        try:
            return read(written)
        except ValueError as exc:
            raise self.fault(str(exc)) from None

    def _constant(self, node: exp.Cast) -> Value:
        kind = str(node.to.this.value)
        if kind not in CONSTANTS or not node.this.is_string or node.to.expressions:
            raise self.fault(
                UNKNOWN,
                needed="date '2011-12-09' or timestamp '2011-12-09T12:50:00Z'.",
            )
        return self._constant_of(CONSTANTS[kind], str(node.this.this))

    def _not(self, node: exp.Not) -> Call:
        return Call(
            "not", (self._typed(node.this, RuleType.BOOLEAN),), RuleType.BOOLEAN
        )

    def _negative(self, node: exp.Neg) -> Node:
        inside = self._typed(node.this, RuleType.NUMBER)
        if isinstance(inside, Value):
            return Value(-float(inside.value), RuleType.NUMBER)
        return Call("negative", (inside,), RuleType.NUMBER)

    def _junction(self, kind: str, node: Any) -> Call:
        """Read a chain of and, or of or, as one node: it may be long, not deep."""
        parts: list[Any] = []
        while type(node).__name__ == kind:
            parts.append(node.expression)
            node = node.this
        parts.append(node)
        if len(parts) > MAX_NODES:
            raise self.fault("the rule is too large")
        args = tuple(self._typed(part, RuleType.BOOLEAN) for part in reversed(parts))
        return Call(kind.lower(), args, RuleType.BOOLEAN)

    def _typed(self, node: Any, wanted: RuleType) -> Node:
        expression = self.read(node)
        if expression.type is not wanted:
            raise self.fault(f"this is {expression.type}, not {wanted}", node)
        return expression

    def _binary(self, op: str, node: Any) -> Call:
        if op in {"+", "-", "*", "/"}:
            args = tuple(
                self._typed(side, RuleType.NUMBER)
                for side in (node.this, node.expression)
            )
            call = Call(op, args, RuleType.NUMBER)
            if degree(call) > MAX_DEGREE:
                needed = f"At most {MAX_DEGREE} factors."
                raise self.fault("too many products in one number", needed=needed)
            return call
        return Call(op, self._alike([node.this, node.expression]), RuleType.BOOLEAN)

    def _alike(self, nodes: list[Any]) -> tuple[Node, ...]:
        """Read nodes that are compared: of one type, that of the first column."""
        expressions = [self.read(node) for node in nodes]
        lead = next(
            (
                expression
                for expression in expressions
                if not isinstance(expression, Value)
            ),
            expressions[0],
        )
        return tuple(
            self._as_type(expression, lead.type, node)
            for expression, node in zip(expressions, nodes, strict=True)
        )

    def _as_type(self, expression: Node, wanted: RuleType, node: Any) -> Node:
        if expression.type is wanted:
            return expression
        try:
            converted = convert(expression, wanted)
        except ValueError as exc:
            raise self.fault(str(exc), node) from None
        if converted is None:
            raise self.fault(f"this is {expression.type}, compared with {wanted}", node)
        return converted

    def _is(self, node: exp.Is) -> Call:
        kind = type(node.expression).__name__
        if kind == "Null":
            return Call("is null", (self.read(node.this),), RuleType.BOOLEAN)
        if kind != "Boolean":
            raise self.fault("after `is` comes null, true or false", node.expression)
        op = "is true" if node.expression.this else "is false"
        return Call(op, (self._typed(node.this, RuleType.BOOLEAN),), RuleType.BOOLEAN)

    def _in(self, node: exp.In) -> Call:
        items = node.expressions
        if not items:
            raise self.fault("`in` needs a list of values", needed="x in ('a', 'b').")
        self.n_items += len(items)
        self.n_nodes -= len(items)
        if self.n_items > MAX_ITEMS:
            needed = f"At most {MAX_ITEMS:,} values in all."
            raise self.fault("the lists are too long", needed=needed)
        args = self._alike([node.this, *items])
        for arg, item in zip(args[1:], items, strict=True):
            if not isinstance(arg, Value):
                raise self.fault("only values stand in a list", item)
        return Call("in", args, RuleType.BOOLEAN)

    def _between(self, node: Any) -> Call:
        args = self._alike([node.this, node.args["low"], node.args["high"]])
        return Call("between", args, RuleType.BOOLEAN)

    def _like(self, node: exp.Like) -> Call:
        value = self._typed(node.this, RuleType.TEXT)
        pattern = node.expression
        if type(pattern).__name__ != "Literal" or not pattern.is_string:
            raise self.fault("after `like` comes a pattern in quotes", pattern)
        self.offset = first_character(pattern, self.offset)
        read = self._constant_of(read_pattern, str(pattern.this))
        return Call("like", (value, read), RuleType.BOOLEAN)

    def _function(self, name: str, node: Any) -> Call:
        items = [node.this, *node.expressions]
        if name in {"lower", "upper"}:
            return Call(name, (self._typed(node.this, RuleType.TEXT),), RuleType.TEXT)
        if name == "abs":
            return Call(
                name, (self._typed(node.this, RuleType.NUMBER),), RuleType.NUMBER
            )
        if len(items) < 2:
            raise self.fault("this function needs two arguments or more")
        args = self._alike(items)
        kind = next((a for a in args if not isinstance(a, Value)), args[0]).type
        if name != "coalesce" and kind not in ORDERED:
            raise self.fault(f"this function takes numbers or dates, not {kind}")
        call = Call(name, args, kind)
        if count_inside(call, ("least", "greatest")) > MAX_EXTREMES:
            needed = f"At most {MAX_EXTREMES} of least and greatest inside each other."
            raise self.fault("nested too deeply", needed=needed)
        return call
