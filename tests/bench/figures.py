"""``docs/figures.md``: all figures of speed and quality, each written by its benchmark.

A section stands between two comments that name it. A benchmark rewrites its own and
leaves the others, and the prose around them, as they are.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

FIGURES = Path(__file__).resolve().parents[2] / "docs" / "figures.md"
LIBRARIES = ("duckdb", "pandas", "pyarrow", "numpy", "lightgbm", "shap", "fastapi")
EVENTS = re.compile(r"EVENTS=(\d+)")


def machine() -> str:
    """Return on what is measured."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def today() -> date:
    """Return the date in UTC."""
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class Section:
    """What one benchmark has to say.

    Parameters
    ----------
    name : str
        Of the section in the document.
    command : str
        What measures it again. ``EVENTS=`` in it is the size of the log.
    body : str
        Tables in Markdown.
    measured_on : date
    machine : str
    """

    name: str
    command: str
    body: str
    measured_on: date = field(default_factory=today)
    machine: str = field(default_factory=machine)

    @property
    def text(self) -> str:
        """Return the section with its two comments."""
        head = f"`{self.command}`, {self.measured_on:%Y-%m-%d}, {self.machine}."
        begin, end = _comments(self.name)
        return f"{begin}\n{head}\n\n{self.body.strip()}\n{end}"


def write_section(section: Section, path: Path = FIGURES) -> bool:
    """Put a section in place of the one of its name.

    A run over a smaller log does not replace the figures of a larger one.

    Returns
    -------
    bool
        Whether it was written.

    Raises
    ------
    ValueError
        If the document has no section of that name.
    """
    document = path.read_text(encoding="utf-8")
    if not is_as_large(section.name, section.command, document):
        sys.stderr.write(f"{path.name} keeps the {section.name} of a larger log.\n")
        return False
    start, stop = _place(section.name, document)
    path.write_text(document[:start] + section.text + document[stop:], encoding="utf-8")
    return True


def seeds_table(reports: Sequence[Mapping[str, float]]) -> str:
    """Return the figures of each seed and their mean, in Markdown."""
    seeds = [f"seed {seed}" for seed in range(len(reports))]
    lines = [["figure", *seeds, "mean"], ["---"] * (len(seeds) + 2)]
    for name in reports[0]:
        values = [figures[name] for figures in reports]
        cells = [f"{value:.3f}" for value in [*values, sum(values) / len(values)]]
        lines.append([name, *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def is_as_large(name: str, command: str, document: str) -> bool:
    """Tell whether a command measures as large a log as a section's did, or larger."""
    start, stop = _place(name, document)
    return _events(command) >= _events(document[start:stop])


def _events(text: str) -> int:
    size = EVENTS.search(text)
    return int(size[1]) if size else 0


def _comments(name: str) -> tuple[str, str]:
    return f"<!-- begin {name} -->", f"<!-- end {name} -->"


def _place(name: str, document: str) -> tuple[int, int]:
    begin, end = _comments(name)
    if document.count(begin) != 1 or document.count(end) != 1:
        raise ValueError(
            f"The document of figures has no section {name!r} of its own; it needs "
            f"{begin} and {end}, each on a line: add them where it is to stand."
        )
    return document.index(begin), document.index(end) + len(end)
