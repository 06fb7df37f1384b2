"""Records of a possibly damaged CSV: each is parsed, or consumes one line."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import TextIO

MAX_LINES = 1_000
"""A record of more lines is malformed: a quote was left open."""


def read_records(
    handle: TextIO, delimiter: str
) -> Iterator[tuple[int, list[str] | None]]:
    """Yield each record with its first line, blank lines left out.

    A record that cannot be parsed is None, and consumes only its first line.
    """
    lines = _Lines(handle)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.mark()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            lines.rewind()
            yield lines.number, None
            continue
        if cells:
            yield lines.number, cells


class _Lines:
    """The lines of a file, which can be rewound to the last mark."""

    def __init__(self, handle: TextIO) -> None:
        self.number = 1
        self._handle = handle
        self._read: list[str] = []
        self._ahead: deque[str] = deque()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self._read) >= MAX_LINES:
            raise csv.Error("a quote is left open")
        line = self._ahead.popleft() if self._ahead else next(self._handle)
        self._read.append(line)
        return line

    def mark(self) -> None:
        """Begin a record at the next line."""
        self.number += len(self._read)
        self._read.clear()

    def rewind(self) -> None:
        """Return to the line after the first of the record."""
        self._ahead.extendleft(reversed(self._read[1:]))
        del self._read[1:]
