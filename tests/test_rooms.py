"""Rooms are small, have no circles, and are quick to see through."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("features", "models", "training", "serving", "regulars")
MOST_FILES = 16
LONGEST_CHAIN = 6

Graph = dict[str, set[str]]
"""Each box of a room, and the boxes of the same room that it imports."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(tree: ast.AST) -> Iterator[str]:
    """Yield what a module imports, wherever in it: also for types, or in a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@cache
def import_graph() -> Graph:
    """Return each module of the house, and the modules of it that it imports."""
    paths = {
        module_name(path): path
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
    }
    graph: Graph = {}
    for module, path in paths.items():
        names = imported_names(ast.parse(path.read_text("utf-8")))
        modules = (name if name in paths else name.rpartition(".")[0] for name in names)
        graph[module] = {name for name in modules if name in paths} - {module}
    return graph


def box_of(module: str, room: str) -> str | None:
    """Return the file or the folder right below a room that holds a module."""
    if not module.startswith(f"{room}."):
        return None
    return module[len(room) + 1 :].partition(".")[0]


def boxes_of(room: str, graph: Graph) -> Graph:
    boxes: Graph = {}
    for module, imports in graph.items():
        if (box := box_of(module, room)) is None:
            continue
        below = {box_of(name, room) for name in imports} - {None, box}
        boxes.setdefault(box, set()).update(name for name in below if name)
    return boxes


def longest_chain(boxes: Graph) -> list[str]:
    """Return the longest chain of boxes, each imported by the next."""
    chains: dict[str, list[str]] = {}
    for box in TopologicalSorter(boxes).static_order():
        below = [chains[name] for name in boxes[box]]
        chains[box] = [*max(below, key=len, default=[]), box]
    return max(chains.values(), key=len, default=[])


FOLDERS = sorted(
    {path.parent for room in ROOMS for path in (ROOT / room).rglob("*.py")}
)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: module_name(path))
def test_a_room_is_seen_at_a_glance(folder: Path) -> None:
    files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert len(files) <= MOST_FILES
    boxes = boxes_of(module_name(folder), import_graph())
    try:
        chain = longest_chain(boxes)
    except CycleError as error:
        pytest.fail(f"circle: {' -> '.join(error.args[1])}")
    assert len(chain) <= LONGEST_CHAIN, " <- ".join(chain)


def test_chains_and_circles_are_found() -> None:
    graph: Graph = {"a.x": {"a.b.y"}, "a.b.y": {"a.z"}, "a.z": set()}
    assert boxes_of("a", graph) == {"x": {"b"}, "b": {"z"}, "z": set()}
    assert longest_chain(boxes_of("a", graph)) == ["z", "b", "x"]
    with pytest.raises(CycleError, match="cycle"):
        longest_chain({"x": {"z"}, "z": {"x"}})
