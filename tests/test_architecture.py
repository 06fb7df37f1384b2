"""``docs/architecture.md`` answers its questions with files and functions there are."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs/architecture.md").read_text()
NAMED = re.compile(r"`((?:[\w-]+/)+[\w-]+\.\w+)(?::([\w.]+))?`")
PLACES = sorted(set(NAMED.findall(TEXT)))
QUESTIONS = re.split(r"^### (.+\?)$", TEXT, flags=re.MULTILINE)[1:]
ANSWERS = dict(zip(QUESTIONS[::2], QUESTIONS[1::2], strict=True))
MOST_FILES = 3


@cache
def names_in(path: Path) -> frozenset[str]:
    """Return what a module defines, with ``Class.method`` for methods."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign):
            names |= {one.id for one in node.targets if isinstance(one, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            body = node.body if isinstance(node, ast.ClassDef) else []
            names |= {
                f"{node.name}.{one.name}"
                for one in body
                if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
            }
    return frozenset(names)


@pytest.mark.parametrize(("file", "name"), PLACES, ids=map(":".join, PLACES))
def test_each_place_is_there(file: str, name: str) -> None:
    path = ROOT / file
    assert path.is_file()
    assert not name or name in names_in(path)


def test_ten_questions_are_answered() -> None:
    assert len(ANSWERS) >= 10


@pytest.mark.parametrize("question", ANSWERS)
def test_a_question_is_answered_by_few_files(question: str) -> None:
    steps = re.findall(r"^\d\. ", ANSWERS[question], re.MULTILINE)
    files = {file for file, _ in NAMED.findall(ANSWERS[question])}
    assert 1 <= len(steps) <= MOST_FILES
    assert files
