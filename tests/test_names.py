"""Names say what they hold."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("features", "models", "training", "serving", "regulars")
VAGUE_WORDS = frozenset("found told each kept known asked given some held left".split())
"""Words that name anything at all."""

HIGHEST_SHARE = 0.03
"""Of the functions, those that may bind a vague word."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def bound_names(function: Function) -> set[str]:
    """Return what a function binds: parameters and variables, those within it too."""
    names = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    names |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    return names


def functions_of(path: Path) -> list[Function]:
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def test_a_vague_name_is_seen_wherever_it_is_bound() -> None:
    source = (
        "def f(a):\n    for found in a:\n        pass\n    return [b for told in a]"
    )
    [function] = [n for n in ast.walk(ast.parse(source)) if isinstance(n, Function)]
    assert bound_names(function) & VAGUE_WORDS == {"found", "told"}


def test_few_functions_bind_a_vague_word() -> None:
    functions = [
        (path.relative_to(ROOT), function)
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        for function in functions_of(path)
    ]
    vague = [
        f"{path}:{function.lineno} {function.name}: {', '.join(sorted(words))}"
        for path, function in functions
        if (words := bound_names(function) & VAGUE_WORDS)
    ]
    assert len(vague) < HIGHEST_SHARE * len(functions), "\n".join(vague)
