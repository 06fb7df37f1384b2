"""From a line of a rendered query back to the line of the feature file.

Only where something is wrong are the files rendered once more, with marks that say
where each piece of their text stood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

MACROS = "macros.sql"
BEGIN, END = "\ue000", "\ue001"
MARK = re.compile(f"{BEGIN}(.+?):(\\d+){END}")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a feature file; without its number where it is not known."""

    file: str
    line: int | None

    def __str__(self) -> str:
        """Return it as a message begins."""
        line = "" if self.line is None else f", line {self.line}"
        return f"features/purchases/sql/{self.file}{line}"


class LineMarks(Extension):
    """Put a mark before each line of a file's text, but for the macros'."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Yield the tokens, the text among them with marks."""
        for token in stream:
            if token.type == "data" and stream.name and stream.name != MACROS:
                lines = token.value.split("\n")
                marked = (
                    f"{BEGIN}{stream.name}:{number}{END}{line}"
                    for number, line in enumerate(lines, start=token.lineno)
                )
                yield Token(token.lineno, token.type, "\n".join(marked))
            else:
                yield token


def end_with_marks(text: str) -> str:
    """Return a rendered file stripped, each line with one mark, at its end."""
    plain = MARK.sub("", text)
    n_blank = plain[: len(plain) - len(plain.lstrip())].count("\n")
    n_lines = plain.strip().count("\n") + 1
    mark, lines = "", []
    for line in text.split("\n"):
        marks = list(MARK.finditer(line))
        # A line may begin in a piece of text whose mark came on an earlier line.
        mark = marks[0][0] if marks else mark
        lines.append(MARK.sub("", line) + mark)
        mark = marks[-1][0] if marks else mark
    return "\n".join(lines[n_blank : n_blank + n_lines])


def read_places(query: str) -> list[Place]:
    """Return where each line of a marked query is from.

    Lines that are of no file, such as the name of a step, have the next one's place.
    """
    places: list[Place] = []
    place = Place("features.sql", None)
    for line in reversed(query.split("\n")):
        if (mark := MARK.search(line)) is not None:
            place = Place(mark[1], int(mark[2]))
        places.append(place)
    return places[::-1]
