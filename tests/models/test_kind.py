"""The registry of kinds: one entry a kind, and nobody beside it asks for a name."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

from models.kind import KINDS, PURCHASES, kind_of
from regulars.settings.settings import ModelSettings
from training.kinds import LEARNERS, find_learner
from training.kinds.learner import ACTS

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("features", "models", "training", "serving", "regulars")


def test_every_kind_of_the_settings_is_served_and_learnt() -> None:
    names = set(get_args(ModelSettings.model_fields["kind"].annotation))
    assert set(KINDS) == set(LEARNERS) == names
    assert all(LEARNERS[name].kind is kind for name, kind in KINDS.items())


def test_a_model_of_before_there_were_kinds_is_one_of_purchases() -> None:
    assert kind_of({}) is PURCHASES


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_kind_cannot_do_has_a_reason(kind: str) -> None:
    learner = find_learner(kind)
    assert set(learner.cannot) <= set(ACTS)
    assert all(reason for reason in learner.cannot.values())


def compared_with(tree: ast.AST) -> set[str]:
    """Return the texts that something called ``kind`` is compared with."""
    texts: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = (node.left, *node.comparators)
        if any(ast.unparse(side).endswith("kind") for side in sides):
            leaves = (leaf for side in sides for leaf in ast.walk(side))
            texts |= {str(n.value) for n in leaves if isinstance(n, ast.Constant)}
    return texts


def test_no_code_branches_on_the_name_of_a_kind() -> None:
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    assert len(files) > 300
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assert not compared_with(tree) & set(KINDS), file
