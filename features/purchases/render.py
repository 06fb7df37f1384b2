"""Render the feature files to the one query that computes every feature."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

WINDOW_SUFFIX = re.compile(r"(^|_)\d+d$")
SQL_FOLDER = Path(__file__).parent / "sql"


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
    """

    def __init__(
        self, context: Mapping[str, Any], *, folders: tuple[Path, ...] = (SQL_FOLDER,)
    ) -> None:
        self._environment = _open_templates(folders)
        self._context = dict(context)

    def write(self, step: str, **more: object) -> str:
        """Return the query that ends in ``step``, the steps it stands on before it."""
        steps: dict[str, str] = {}
        return _join(steps, self._render(step, steps, more))

    def write_table(self, step: str) -> str:
        """Return the query for all that ``step`` holds."""
        steps: dict[str, str] = {}
        steps[step] = self._render(step, steps, {})
        return _join(steps, f"select * from {step}")

    def _render(
        self, step: str, steps: dict[str, str], more: Mapping[str, object]
    ) -> str:
        def ref(name: str) -> str:
            if name not in steps:
                steps[name] = self._render(name, steps, {})
            return name

        template = self._environment.get_template(f"{step}.sql")
        return template.render({**self._context, **more, "ref": ref}).strip()


@cache
def _open_templates(folders: tuple[Path, ...]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    macros = environment.get_template("macros.sql").module
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
