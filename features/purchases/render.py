"""Render the feature files to the one query that computes every feature."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from features.errors import QueryError
from features.purchases.sql_errors import (
    MACROS,
    LineMarks,
    Place,
    as_template_error,
    end_with_marks,
    explain_error,
    read_places,
)

WINDOW_SUFFIX = re.compile(r"(^|_)\d+d$")
NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$")
SQL_FOLDER = Path(__file__).parent / "sql"

KEYS = frozenset({"row_no", "customer_id", "as_of"})
"""The columns that identify a row."""


class QueryWriter:
    """Write queries over the feature files, each file a step that others refer to.

    A file names the steps it reads with ``ref('step')``; the writer puts those steps
    before it, once each.

    Parameters
    ----------
    context : Mapping of str to object
        What the templates see: windows, interaction types, optional columns.
    folders : tuple of Path
        Where the files are: what the first has, the others need not.
    is_marked : bool
        Whether each line of a query ends in a mark that says where it is from.

    Raises
    ------
    QueryError
        Here and in what it writes, if a file cannot be rendered.
    """

    def __init__(
        self,
        context: Mapping[str, Any],
        *,
        folders: tuple[Path, ...] = (SQL_FOLDER,),
        is_marked: bool = False,
    ) -> None:
        with as_template_error("macros"):
            self._environment = _open_templates(folders, is_marked=is_marked)
        self._context = dict(context)
        self._folders = folders
        self._is_marked = is_marked

    def write(self, step: str, **more: object) -> str:
        """Return the query that ends in ``step``, the steps it stands on before it."""
        steps: dict[str, str] = {}
        with as_template_error(step, names=self._usable()):
            return _join(steps, self._render(step, steps, more))

    def write_table(self, step: str) -> str:
        """Return the query for all that ``step`` holds."""
        steps: dict[str, str] = {}
        with as_template_error(step, names=self._usable()):
            steps[step] = self._render(step, steps, {})
        return _join(steps, f"select * from {step}")

    def find_places(self, step: str) -> list[Place]:
        """Return where each line of what ``write_table`` returns is from."""
        marking = QueryWriter(self._context, folders=self._folders, is_marked=True)
        return read_places(marking.write_table(step))

    def describe_numbers(self, con: duckdb.DuckDBPyConnection, step: str) -> list[str]:
        """Return the columns that a step computes, without its keys.

        Raises
        ------
        QueryError
            If DuckDB refuses the query, or a column is no number.
        """
        try:
            rows = con.execute(f"describe {self.write_table(step)}").fetchall()
        except duckdb.Error as error:
            raise explain_error(error, self.find_places(step)) from error
        columns = {name: sql_type for name, sql_type, *_ in rows if name not in KEYS}
        if len(columns) == len(rows):
            raise QueryError(
                f"features/purchases/sql/{step}.sql does not say whose row is whose.",
                needed="The column row_no of the steps that it reads.",
                todo="Select it first.",
            )
        for name, sql_type in columns.items():
            if not NUMBERS.match(sql_type):
                raise QueryError(
                    f"features/purchases/sql/{step}.sql: the column {name} is"
                    f" {sql_type}.",
                    needed="A feature is a number.",
                    todo=f"Make it one, such as cast(... as double) as {name}.",
                )
        return list(columns)

    def _render(
        self,
        step: str,
        steps: dict[str, str],
        more: Mapping[str, object],
        *,
        above: tuple[str, ...] = (),
    ) -> str:
        if step in above:
            circle = " -> ".join((*above, step))
            raise QueryError(
                f"The feature files stand on each other: {circle}.",
                needed="Steps that do not go in a circle.",
                todo="Let one of them read an earlier step.",
            )

        def ref(name: str) -> str:
            if name not in steps:
                steps[name] = self._render(name, steps, {}, above=(*above, step))
            return name

        template = self._environment.get_template(f"{step}.sql")
        text = template.render({**self._context, **more, "ref": ref})
        return end_with_marks(text) if self._is_marked else text.strip()

    def _usable(self) -> Iterator[str]:
        """Yield what a file may name: steps, macros and what the context holds."""
        yield from self._context
        yield from self._environment.globals
        yield from self._environment.list_templates()


@cache
def _open_templates(folders: tuple[Path, ...], *, is_marked: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        extensions=[LineMarks] if is_marked else [],
    )
    macros = environment.get_template(MACROS).module
    names = (name for name in vars(macros) if not name.startswith("_"))
    environment.globals.update({name: getattr(macros, name) for name in names})
    return environment


def _join(steps: Mapping[str, str], body: str) -> str:
    if not steps:
        return f"{body}\n"
    ctes = ",\n\n".join(f"{name} as (\n{sql}\n)" for name, sql in steps.items())
    return f"with\n\n{ctes}\n\n{body}\n"


def slugs(types: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str, str]]:
    """Give each interaction type and direction a name fit for a column.

    Examples
    --------
    >>> types = (("E-mail", "outbound"), ("e mail", "outbound"), ("退货", ""))
    >>> [slug for _, _, slug in slugs(types)]
    ['e_mail_outbound', 'e_mail_outbound_2', 'type_3']
    """
    used: set[str] = set()
    for number, (type_, direction) in enumerate(types, start=1):
        slug = _slug(f"{type_} {direction}") or f"type_{number}"
        while slug in used or WINDOW_SUFFIX.search(slug):
            slug = f"{slug}_{number}"
        used.add(slug)
        yield type_, direction, slug


def _slug(text: str) -> str:
    letters = (c if c.isascii() and c.isalnum() else " " for c in text.lower())
    return "_".join("".join(letters).split())[:40]
