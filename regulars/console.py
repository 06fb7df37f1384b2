"""What the user sees: answers on stdout, progress and errors on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from features.errors import RegularsError

PIPED_WIDTH = 110
"""Characters in a line where there is no terminal to ask."""


def stdout() -> Console:
    """Return the console of answers."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False)


def stderr() -> Console:
    """Return the console of progress and errors."""
    return Console(file=sys.stderr, soft_wrap=True, highlight=False)


class Steps:
    """The running step, with a clock; called with a text, it begins the next.

    On a terminal the step spins; elsewhere each one is a line. It is what the other
    rooms call ``progress``.
    """

    def __init__(self) -> None:
        self.console = stderr()
        self.status: Status | None = None
        self.text = ""
        self.began = 0.0

    def __enter__(self) -> Self:
        """Begin without a step."""
        return self

    def __call__(self, text: str) -> None:
        """End the running step and begin ``text``."""
        self.end()
        self.text, self.began = text, time.monotonic()
        if self.console.is_terminal:
            self.status = self.console.status(escape(text))
            self.status.start()

    def note(self, text: str) -> None:
        """Say something beside the steps."""
        self.console.print(text, markup=False)

    def end(self, *, mark: str = "done") -> None:
        """Say how long the running step took."""
        if not self.text:
            return
        if self.status is not None:
            self.status.stop()
            self.status = None
        seconds = time.monotonic() - self.began
        self.console.print(f"{self.text} ... {mark}, {seconds:.1f} s", markup=False)
        self.text = ""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the last step, well or not."""
        self.end(mark="done" if kind is None else "stopped")


def print_json(values: Mapping[str, Any]) -> None:
    """Write one JSON object to stdout."""
    text = json.dumps(values, default=plain, allow_nan=False, ensure_ascii=False)
    sys.stdout.write(text + "\n")


def plain(value: Any) -> Any:
    """Turn what JSON does not know into what it does."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def print_table(
    title: str, columns: Mapping[str, str], rows: Sequence[tuple[object, ...]]
) -> None:
    """Print a table to stdout; ``columns`` maps each heading to left or right."""
    table = Table()
    for heading, side in columns.items():
        table.add_column(heading, justify="right" if side == "right" else "left")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    if title:
        stdout().print(f"\n{title}", style="bold", markup=False, soft_wrap=True)
    stdout().print(table)


def say(text: str) -> None:
    """Print a text to stdout, its lines as they are."""
    stdout().print(text, markup=False, soft_wrap=True)


def tell(text: str) -> None:
    """Print a text to stderr, its lines as they are."""
    stderr().print(text, markup=False)


def print_error(error: RegularsError) -> None:
    """Print what was given, what is needed and what to do to stderr."""
    for part in (error.problem, error.needed, error.todo):
        if part:
            tell(part)
