"""Which steps of a query are the ones that numpy works out by hand.

A step is known by what its SQL comes to as a tree, piece by piece: comments and blanks
are nothing, and neither are columns of which numpy knows nothing, as nothing that it
works out depends on them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sqlglot import exp

FILE = Path(__file__).with_name("steps.json")
ROWS = ""
"""The piece that says which rows there are, not what they hold."""

Pieces = Mapping[str, list[str]]
"""By column, and for the rows: digests of what they are known to be."""


def changes(name: str, query: exp.Expr) -> str | None:
    """Return what of a step is not as numpy has it, None for nothing."""
    digests = known_steps().get(name)
    if digests is None:
        return f"the step {name} is not known in numpy"
    for column, digest in pieces(query).items():
        if digest not in digests.get(column, [digest] if _may_be_new(query) else []):
            part = f"{column} of {name}" if column else f"which rows {name} has"
            return f"{part} is not what numpy works out"
    return None


def pieces(query: exp.Expr) -> dict[str, str]:
    """Return the digest of each column of a step, and of its rows."""
    if not isinstance(query, exp.Select):
        return {ROWS: _digest(query)}
    bare = query.copy()
    bare.set("with_", None)
    bare.set("expressions", [exp.Null()])
    columns = {column.alias_or_name: _digest(column) for column in query.selects}
    return {ROWS: _digest(bare), **columns}


@cache
def known_steps() -> Mapping[str, Pieces]:
    """Return the steps as they were when they were last compared with numpy."""
    steps: Mapping[str, Pieces] = json.loads(FILE.read_text())
    return steps


def _may_be_new(query: exp.Expr) -> bool:
    """Tell whether another column changes nothing of the rest."""
    return isinstance(query, exp.Select) and query.args.get("distinct") is None


def _digest(node: exp.Expr) -> str:
    node = node.copy()
    for case in node.find_all(exp.Case):
        _without_texts(case)
    sql = node.sql(dialect="duckdb", comments=False)
    return hashlib.sha256(sql.encode()).hexdigest()[:12]


def _without_texts(case: exp.Case) -> None:
    """Leave only the form of the branches that tell a log's own texts apart."""
    forms: dict[str, exp.Expr] = {}
    for branch in case.args["ifs"]:
        literals = list(branch.find_all(exp.Literal))
        if any(literal.is_string for literal in literals):
            for literal in literals:
                literal.set("this", "?")
        forms.setdefault(branch.sql(dialect="duckdb"), branch)
    case.set("ifs", list(forms.values()))
