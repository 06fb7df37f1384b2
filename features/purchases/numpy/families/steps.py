"""Which steps of a query are the ones that numpy works out by hand.

A step is known by what its SQL comes to as a tree, piece by piece: comments and blanks
are nothing, and neither are columns of which numpy knows nothing, as nothing that it
works out depends on them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from sqlglot import exp

from features.door.rows.columns import TABLES
from features.purchases.numpy.formulas.values import UnknownError
from features.purchases.numpy.sums import STEPS

FILE = Path(__file__).with_name("steps.json")
BASE = frozenset({*TABLES, "as_ofs"})
ROWS = ""
"""The piece that says which rows there are, not what they hold."""


def made_of(name: str, steps: Mapping[str, exp.Expr]) -> Iterator[tuple[str, exp.Expr]]:
    """Yield a step and all that it is made of, with their names, but for sums."""
    ahead, done = [name], set(BASE)
    while ahead:
        at = ahead.pop()
        if at in done:
            continue
        done.add(at)
        if at not in steps:
            raise UnknownError(f"the table {at} is not known in numpy")
        query = steps[at]
        if rows_of(query) not in STEPS:
            yield at, query
        ahead += [table.name for table in query.find_all(exp.Table)]


def rows_of(query: exp.Expr) -> str:
    """Return which rows a step has, and how they are grouped."""
    if isinstance(query, exp.Select):
        query = query.copy()
        query.set("with_", None)
        query.set("expressions", [exp.Null()])
    sql = query.sql(dialect="duckdb", comments=False)
    return sql.removeprefix("SELECT NULL ")


def changes(name: str, query: exp.Expr) -> str | None:
    """Return what of a step is not as numpy has it, None for nothing."""
    digests = known_steps().get(name)
    if digests is None:
        return f"the step {name} is not known in numpy"
    may_be_new = isinstance(query, exp.Select) and query.args.get("distinct") is None
    for column, digest in pieces(query).items():
        if digest not in digests.get(column, digest if may_be_new else ""):
            part = f"{column} of {name}" if column else f"which rows {name} has"
            return f"{part} is not what numpy works out"
    return None


def pieces(query: exp.Expr) -> dict[str, str]:
    """Return the digest of each column of a step, and of its rows."""
    columns = query.selects if isinstance(query, exp.Select) else []
    digests = {column.alias_or_name: _digest(_tree_text(column)) for column in columns}
    return {ROWS: _digest(rows_of(query)), **digests}


@cache
def known_steps() -> Mapping[str, Mapping[str, str]]:
    """Return the steps as they were when they were last compared with numpy.

    By step and column: the digests of what the column may be, one after the other.
    """
    steps: Mapping[str, Mapping[str, str]] = json.loads(FILE.read_text())
    return steps


def _tree_text(node: exp.Expr) -> str:
    """Return a column without the texts of a log that its cases tell apart."""
    node = node.copy()
    for case in node.find_all(exp.Case):
        forms: dict[str, exp.Expr] = {}
        for branch in case.args["ifs"]:
            literals = list(branch.find_all(exp.Literal))
            if any(literal.is_string for literal in literals):
                for literal in literals:
                    literal.set("this", "?")
            forms.setdefault(branch.sql(dialect="duckdb"), branch)
        case.set("ifs", list(forms.values()))
    return node.sql(dialect="duckdb", comments=False)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
