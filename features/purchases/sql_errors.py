"""Errors in feature files, reported with file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from traceback import walk_tb
from typing import Protocol

import duckdb
from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError

from features.errors import QueryError
from features.purchases.sql_lines import MACROS, Place, read_places
from features.suggest import did_you_mean

KEYS = frozenset({"row_no", "customer_id", "as_of"})
"""The columns that identify a row."""

AT_LINE = re.compile(r"\n+LINE (\d+):.*", re.DOTALL)
UNDEFINED = re.compile(r"^'(\w+)' is undefined")
RENDER_ERRORS = (TemplateError, TypeError, ValueError, ArithmeticError)
NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$")


class MarkableQueries(Protocol):
    """What writes a step's query, and again with marks of where each line is from."""

    def write_table(self, step: str) -> str:
        """Return the query for all columns of a step."""

    def with_marks(self) -> MarkableQueries:
        """Return a writer of the same queries that marks their lines."""


def describe_numbers(
    con: duckdb.DuckDBPyConnection,
    writer: MarkableQueries,
    step: str,
) -> list[str]:
    """Return the columns that a step's query computes, without its keys.

    Parameters
    ----------
    con : DuckDBPyConnection
    writer : MarkableQueries
    step : str
        The file that the columns are of.

    Raises
    ------
    QueryError
        If DuckDB refuses the query, or a column is no number.
    """
    try:
        rows = con.execute(f"describe {writer.write_table(step)}").fetchall()
    except duckdb.Error as error:
        places = read_places(writer.with_marks().write_table(step))
        raise _explain(error, places, step=step) from error
    names = [name for name, *_ in rows if name not in KEYS]
    if len(names) == len(rows):
        raise QueryError(
            f"features/purchases/sql/{step}.sql does not say whose row is whose.",
            needed="The column row_no of the steps that it reads.",
            todo="Select it first.",
        )
    for name, kind, *_ in rows:
        if name not in KEYS and not NUMBERS.match(kind):
            raise QueryError(
                f"features/purchases/sql/{step}.sql: the column {name} is {kind}.",
                needed="A feature is a number.",
                todo=f"Make it one, such as cast(... as double) as {name}.",
            )
    return names


def check_names(columns: Sequence[tuple[str, str]]) -> None:
    """Refuse a feature name that occurs twice, whatever its case.

    Parameters
    ----------
    columns : sequence of (str, str)
        Step and column.

    Raises
    ------
    QueryError
        It names the column and both files.
    """
    first: dict[str, str] = {}
    for step, name in columns:
        before = first.setdefault(name.lower(), step)
        if before != step:
            raise QueryError(
                f"features/purchases/sql/{step}.sql: {name} is a column of"
                f" {before}.sql already.",
                needed="A name of its own for each feature.",
                todo="Rename one of them.",
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
def as_template_error(
    step: str, *, is_named: bool, names: Iterable[str] = ()
) -> Iterator[None]:
    """Turn errors from rendering a feature file into ours, with its line.

    Parameters
    ----------
    step : str
        The file that is rendered.
    is_named : bool
        Whether another file names it: the error is then reported there if the file
        does not exist.
    names : iterable of str
        All files and the names that they may use, for suggestions.

    Raises
    ------
    QueryError
    """
    try:
        yield
    except TemplateSyntaxError as error:
        written = Place(error.name or f"{step}.sql", error.lineno)
        raise _refused(written, f"{error.message}") from error
    except RENDER_ERRORS as error:
        place = _place_of(error)
        if isinstance(error, TemplateNotFound):
            if place is None and is_named:
                raise
            raise _missing(error, place, names) from error
        place = place or Place(f"{step}.sql", None)
        raise _refused(place, str(error), names) from error


def _place_of(error: Exception) -> Place | None:
    """Return the last line of a feature file in the traceback, ignoring macros."""
    reached = None
    for frame, line in walk_tb(error.__traceback__):
        name = frame.f_code.co_filename.replace("\\", "/").rsplit("/", 1)[-1]
        if name.endswith(".sql") and name != MACROS:
            reached = Place(name, line)
    return reached


def _missing(
    error: TemplateNotFound, place: Place | None, names: Iterable[str]
) -> QueryError:
    file = str(error.name)
    return QueryError(
        f"{f'{place}: t' if place else 'T'}here is no features/purchases/sql/{file}.",
        needed="A file for every step that is named, by ref() or in FAMILIES.",
        todo=did_you_mean(file, names) or "Correct the name, or add the file.",
    )


def _refused(place: Place, fault: str, names: Iterable[str] = ()) -> QueryError:
    unknown = UNDEFINED.search(fault)
    names = [name for name in names if not name.endswith(".sql")]
    return QueryError(
        f"{place}: {fault}.",
        needed="SQL with Jinja, over the names that the other files use.",
        todo=(did_you_mean(unknown[1], names) if unknown else "")
        or "Correct the line.",
    )


def _explain(error: duckdb.Error, places: list[Place], *, step: str) -> QueryError:
    """Say in which line of which file DuckDB's error is."""
    at_line = AT_LINE.search(str(error))
    place = Place(f"{step}.sql", None)
    if at_line and int(at_line[1]) <= len(places):
        place = places[int(at_line[1]) - 1]
    return QueryError(
        f"{place}: {_first_part(error)}",
        needed="SQL that DuckDB takes, over the steps that the file names with ref().",
        todo="Correct the line.",
    )


def _first_part(error: duckdb.Error) -> str:
    """Return DuckDB's message on one line, without its excerpt of the query."""
    words = " ".join(AT_LINE.sub("", str(error)).split())
    return words if words.endswith((".", "!", "?")) else f"{words}."
