"""Where in the feature files a part of a query was written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from features.purchases.render import SQL_FOLDER

ALIAS = re.compile(
    r"(?:\bas\s+|^\s*(?:\w+\.)?)((?:\w|\{\{.*?\}\})+)\s*,?\s*(?:\{\{.*\}\})?\s*$"
)
HOLE = re.compile(r"\{\{.*?\}\}")


@dataclass(frozen=True, slots=True)
class SlowFamily:
    """A family that is worked out by the query, as numpy does not know all of it.

    Parameters
    ----------
    family : str
    reason : str
    file : str
        The feature file with what is not known.
    line : int or None
    expression : str or None
        What is not known.
    """

    family: str
    reason: str
    file: str
    line: int | None = None
    expression: str | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        part = f": {self.expression}" if self.expression else ""
        return (
            f"{self.family} runs as SQL, which is slower: {self.reason} ({place}{part})"
        )


def find_place(step: str, column: str | None) -> tuple[str, int | None]:
    """Return the file of a step, and the line that names a column where it is found."""
    file = f"features/purchases/sql/{step}.sql"
    path = SQL_FOLDER / f"{step}.sql"
    if column is None or not path.exists():
        return file, None
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        named = ALIAS.search(line)
        if named and _matches(named.group(1), column):
            return file, number
    return file, None


def _matches(written: str, column: str) -> bool:
    pattern = r"\w+".join(re.escape(part) for part in HOLE.split(written))
    return re.fullmatch(pattern, column, re.IGNORECASE) is not None
