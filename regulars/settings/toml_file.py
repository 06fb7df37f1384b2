"""A TOML file that remembers where each key stands."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.errors import ConfigError

HEADER = re.compile(r"\s*\[+\s*([^\]]+?)\s*\]+")
KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*[\w"'-]+)*)\s*=""")


@dataclass(frozen=True, slots=True)
class TomlFile:
    """What a file says, and its text."""

    path: Path
    text: str
    values: dict[str, Any]

    def place(self, keys: tuple[str, ...]) -> str:
        """Return the file and the line on which ``keys`` are set, as far as found."""
        lines = key_lines(self.text)
        for end in range(len(keys), 0, -1):
            if keys[:end] in lines:
                return f"{self.path}, line {lines[keys[:end]]}"
        return str(self.path)


def key_lines(text: str) -> dict[tuple[str, ...], int]:
    r"""Map each table and key to the first line, from 1, that sets it.

    >>> key_lines('[data]\ntransactions = "a.csv"')
    {('data',): 1, ('data', 'transactions'): 2}
    """
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := HEADER.match(line):
            table = split_key(header[1])
            lines.setdefault(table, number)
        elif key := KEY.match(line):
            lines.setdefault((*table, *split_key(key[1])), number)
    return lines


def split_key(dotted: str) -> tuple[str, ...]:
    """Split a dotted key into its bare parts."""
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def read_toml(path: Path) -> TomlFile:
    """Read ``path``.

    Raises
    ------
    ConfigError
        If it is missing, unreadable or not TOML.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as exc:
        raise ConfigError(
            f"{path}: there is no such file.",
            needed="A config file.",
            todo="Let `regulars init FILE` write one, or name yours with --config.",
        ) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(
            f"{path} cannot be read: {exc}.",
            needed="A config file in UTF-8.",
            todo="Check the path and its permissions.",
        ) from exc
    try:
        return TomlFile(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(
            f"{path} is not TOML: {exc}.",
            needed='Lines such as transactions = "sales.parquet".',
            todo="Correct that line; text stands in quotes.",
        ) from exc
