"""Errors in feature files, reported with file and line.

Only where DuckDB refuses a query are its files rendered once more, each line with a
mark that says where it is from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from traceback import walk_tb

import duckdb
from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from features.errors import QueryError
from features.suggest import did_you_mean

MACROS = "macros.sql"
BEGIN, END = "\ue000", "\ue001"
MARK = re.compile(f"{BEGIN}(.+?):(\\d+){END}")
AT_LINE = re.compile(r"\n+LINE (\d+):.*", re.DOTALL)
UNDEFINED = re.compile(r"^'(\w+)' is undefined")
RENDER_ERRORS = (TemplateError, TypeError, ValueError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a feature file; without its number where it is not known."""

    file: str
    line: int | None = None

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
    place = Place("features.sql")
    for line in reversed(query.split("\n")):
        if (mark := MARK.search(line)) is not None:
            place = Place(mark[1], int(mark[2]))
        places.append(place)
    return places[::-1]


def explain_error(error: duckdb.Error, places: list[Place]) -> QueryError:
    """Say in which line of which file DuckDB's error is."""
    at_line = AT_LINE.search(str(error))
    place = places[int(at_line[1]) - 1 if at_line else -1]
    return QueryError(
        f"{place}: {_first_part(error)}",
        needed="SQL that DuckDB takes, over the steps that the file names with ref().",
        todo="Correct the line.",
    )


@contextmanager
def as_query_error() -> Iterator[None]:
    """Turn DuckDB's errors from running a plan's query into ours.

    Raises
    ------
    QueryError
        In place of DuckDB's own error, unless it ran out of memory or disk.
    """
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.IOException):
        raise
    except duckdb.Error as error:
        raise QueryError(
            f"The features cannot be computed: {_first_part(error)}",
            needed=(
                "SQL in features/purchases/sql that DuckDB can run on every row"
                " of the log."
            ),
            todo="Correct the file that computes it, then train again.",
        ) from error


@contextmanager
def as_template_error(step: str, *, names: Iterable[str] = ()) -> Iterator[None]:
    """Turn errors from rendering a step and those it reads into ours, with their line.

    ``names`` are all files and the names that they may use, for suggestions.
    """
    try:
        yield
    except TemplateSyntaxError as error:
        written = Place(error.name or f"{step}.sql", error.lineno)
        raise _refuse(written, f"{error.message}") from error
    except TemplateNotFound as error:
        place, file = _place_of(error), str(error.name)
        start = f"{place}: t" if place else "T"
        raise QueryError(
            f"{start}here is no features/purchases/sql/{file}.",
            needed="A file for every step that is named, by ref() or in FAMILIES.",
            todo=did_you_mean(file, names) or "Correct the name, or add the file.",
        ) from error
    except RENDER_ERRORS as error:
        place = _place_of(error) or Place(f"{step}.sql")
        raise _refuse(place, str(error), names) from error


def _place_of(error: Exception) -> Place | None:
    """Return the last line of a feature file in the traceback, ignoring macros."""
    reached = None
    for frame, line in walk_tb(error.__traceback__):
        name = frame.f_code.co_filename.replace("\\", "/").rsplit("/", 1)[-1]
        if name.endswith(".sql") and name != MACROS:
            reached = Place(name, line)
    return reached


def _refuse(place: Place, fault: str, names: Iterable[str] = ()) -> QueryError:
    unknown = UNDEFINED.search(fault)
    words = (name for name in names if not name.endswith(".sql"))
    return QueryError(
        f"{place}: {fault}.",
        needed="SQL with Jinja, over the names that the other files use.",
        todo=(did_you_mean(unknown[1], words) if unknown else "")
        or "Correct the line.",
    )


def _first_part(error: duckdb.Error) -> str:
    """Return DuckDB's message on one line, without its excerpt of the query."""
    words = " ".join(AT_LINE.sub("", str(error)).split())
    return words if words.endswith((".", "!", "?")) else f"{words}."
