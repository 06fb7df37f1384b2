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


def find_line(step: str, column: str | None) -> int | None:
    """Return the line of a step's file that names a column, None if none does."""
    path = SQL_FOLDER / f"{step}.sql"
    if column is None or not path.exists():
        return None
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        alias = ALIAS.search(line)
        if alias:
            parts = map(re.escape, HOLE.split(alias.group(1)))
            if re.fullmatch(r"\w+".join(parts), column, re.IGNORECASE):
                return number
    return None
