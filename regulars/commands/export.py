"""``regulars export``: a list as a file for people who work in sheets."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import ConfigError
from regulars.commands.score import check_out
from regulars.console import print_json, say
from serving.queries.lists.files import FORMATS, write_about, write_sheet
from serving.queries.lists.sheet import LANGUAGES, ListSheet, sheet_of
from serving.store import open_store
from serving.store.lists import sync_lists

if TYPE_CHECKING:
    from regulars.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export.

    Parameters
    ----------
    out : Path or None
        None for a file of the list's name, here.
    """

    name: str
    kind: str
    out: Path | None
    owner: str | None
    language: str


def export(settings: Settings, *, wanted: Wanted, as_json: bool) -> int:
    """Write a list of the published run to a file."""
    if wanted.kind not in FORMATS:
        raise ConfigError(
            f"--format is {wanted.kind}.", needed=f"One of {', '.join(FORMATS)}."
        )
    if wanted.language not in LANGUAGES:
        raise ConfigError(
            f"--lang is {wanted.language}.", needed=f"One of {', '.join(LANGUAGES)}."
        )
    check_out(wanted.out)
    out = wanted.out or Path(f"{wanted.name}.{wanted.kind}")
    with closing(open_store(settings.store.url)) as store:
        sync_lists(store, settings.lists)
        sheet = sheet_of(
            store, wanted.name, owner=wanted.owner, language=wanted.language
        )
    refuse_unmade(sheet)
    written = [replace_file(out, write_sheet(sheet, wanted.kind))]
    if wanted.kind == "csv":
        beside = out.with_name(f"{out.stem}.about.csv")
        written.append(replace_file(beside, write_about(sheet)))
    if as_json:
        files = [str(path) for path in written]
        rows = sheet.rows.num_rows
        print_json({"files": files, "rows": rows, "about": dict(sheet.about)})
    else:
        names = " and ".join(str(path) for path in written)
        say(f"{sheet.rows.num_rows:,} customers of run {sheet.run_id}: {names}")
    return 0


def refuse_unmade(sheet: ListSheet) -> None:
    """Refuse a list that the run cannot make.

    Raises
    ------
    ConfigError
        Which names the columns it needs, or the fault of its rules.
    """
    about = dict(sheet.about)
    needs = [str(value) for what, value in sheet.about if what == "needs"]
    if needs:
        raise ConfigError(
            f"The list {sheet.name} cannot be made of this log.",
            needed=f"{' or '.join(needs)}.",
            todo="Add the column to the log, then `regulars score`.",
        )
    if "fault" in about:
        raise ConfigError(f"The list {sheet.name}: {about['fault']}")


def replace_file(path: Path, content: bytes) -> Path:
    """Write a file so that it is whole whenever it is there."""
    aside = path.with_name(f".{path.name}.part")
    aside.write_bytes(content)
    aside.replace(path)
    return path
