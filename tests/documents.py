"""Every Markdown file of the repository, taken apart for the tests."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from typer.core import TyperGroup
from typer.main import get_command

from regulars.cli import app

ROOT = Path(__file__).resolve().parents[1]
NOT_OURS = {"artifacts", "build"}
"""Folders of what is made here, not written."""

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
PROGRAM = re.compile(
    r"^(?:\$ )?((?:\w+=\S+ )*(?:regulars|make|curl|pip|mlflow|\.venv/bin/\S+) .*)$"
)
"""A line of a block that is to be typed; settings of the environment may precede it."""


def documents() -> list[Path]:
    """Return every Markdown file that is written by hand or by a benchmark."""
    return sorted(
        path
        for path in ROOT.rglob("*.md")
        if not any(
            part.startswith(".") or part in NOT_OURS
            for part in path.relative_to(ROOT).parts
        )
    )


def name_of(path: Path) -> str:
    """Return how a test calls a document."""
    return path.relative_to(ROOT).as_posix()


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: its language, empty where it has none, and its text."""

    path: Path
    language: str
    text: str

    def __str__(self) -> str:
        """Name the document and the first line."""
        return f"{name_of(self.path)}: {self.text.splitlines()[0][:40]}"


@cache
def blocks() -> tuple[Block, ...]:
    """Return every block of code of every document."""
    return tuple(
        Block(path, match[2], match[3])
        for path in documents()
        for match in FENCE.finditer(path.read_text())
    )


def prose(path: Path) -> str:
    """Return a document without its blocks of code."""
    return FENCE.sub("", path.read_text())


def links(path: Path) -> list[str]:
    """Return where a document's links lead."""
    return LINK.findall(CODE.sub("`", prose(path)))


def inline_code(path: Path) -> list[str]:
    """Return what stands between backticks; a pipe is escaped in tables."""
    return [
        " ".join(code.replace("\\|", "|").split()) for code in CODE.findall(prose(path))
    ]


def anchors(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = HEADING.findall(prose(path))
    return {
        re.sub(r"[^\w\- ]", "", text.replace("`", "")).strip().lower().replace(" ", "-")
        for text in headings
    }


@dataclass(frozen=True, slots=True)
class Line:
    """What is to be typed in a shell, without what comes before the program."""

    path: Path
    words: tuple[str, ...]

    def __str__(self) -> str:
        """Name the document and the command."""
        return f"{name_of(self.path)}: {' '.join(self.words)[:60]}"


def shell_lines() -> Iterator[Line]:
    """Yield every command in a block without a language."""
    for block in blocks():
        if block.language:
            continue
        joined = re.sub(r"\\\n *", "", block.text)
        for text in _whole(joined.splitlines()):
            words = shlex.split(text, comments=True)
            while re.fullmatch(r"\w+=.*", words[0]):
                words.pop(0)
            if ">" in words:
                words = words[: words.index(">")]
            yield Line(block.path, tuple(words))


def _whole(lines: list[str]) -> Iterator[str]:
    """Yield the commands among lines; one whose quote is open goes on."""
    command = ""
    for line in lines:
        start = PROGRAM.match(line)
        if command:
            command += f"\n{line}"
        elif start:
            command = start[1]
        if command and command.count("'") % 2 == 0:
            yield command
            command = ""


def commands() -> list[str]:
    """Return every command of ours, with its group before it."""
    front = get_command(app)
    assert isinstance(front, TyperGroup)
    names = []
    for name, command in front.commands.items():
        under = command.commands if isinstance(command, TyperGroup) else {}
        names += [f"{name} {sub}" for sub in under] or [name]
    return names
