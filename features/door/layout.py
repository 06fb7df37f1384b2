"""How the columns of a table's files become ours, and which files are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from features.door.files.parquet import OpenFile
from features.door.rows.casts import ACCEPTED, INSTANT, NUMBER, NUMERIC, family_of
from features.door.rows.columns import (
    OPEN_TABLE,
    TABLES,
    TEXT_ATTRIBUTES,
    Column,
    Kind,
    theirs_for,
)
from features.errors import TableError
from features.suggest import did_you_mean


@dataclass(frozen=True, slots=True)
class Layout:
    """How the columns of a table's files become ours.

    Parameters
    ----------
    columns : tuple of Column
        All of ours, attributes included.
    theirs : mapping
        Our name to theirs, for the columns that at least one file has.
    unused : tuple of str
        Columns of the files that are not read.
    """

    columns: tuple[Column, ...]
    theirs: Mapping[str, str]
    unused: tuple[str, ...]


def lay_out(
    table: str, mapping: Mapping[str, str], files: Sequence[OpenFile]
) -> Layout:
    """Find our columns in every file.

    Raises
    ------
    TableError
        If a file lacks a needed column, no file has a mapped one, a column to be read
        is there twice, or holds what cannot be turned into ours.
    """
    named = _with_mapped(table, mapping)
    theirs = {column.name: mapping.get(column.name, column.name) for column in named}
    for file in files:
        _check_header(table, file, theirs)
    file_columns = {name for file in files for name in file.columns}
    _check_mapped(table, mapping, file_columns)
    attributes = _attributes(table, files, {*theirs.values(), *theirs})
    theirs |= {name: name for name in attributes}
    columns = (*named, *(Column(name, Kind.ATTRIBUTE) for name in attributes))
    for file in files:
        _check_columns(table, file, columns, theirs)
    used = {ours: name for ours, name in theirs.items() if name in file_columns}
    unused = tuple(sorted(name for name in file_columns - set(used.values()) if name))
    return Layout(columns, used, unused)


def number_attributes(
    layout: Layout, files: Sequence[OpenFile]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the attributes that are numbers, and those whose text must be checked."""
    sure: set[str] = set()
    unsure: set[str] = set()
    for column in layout.columns:
        if column.kind is not Kind.ATTRIBUTE or _is_text_by_name(column.name):
            continue
        holders = [file for file in files if layout.theirs[column.name] in file.columns]
        typed = [file for file in holders if file.csv is None]
        name = layout.theirs[column.name]
        if all(family_of(file.columns[name]) in NUMERIC for file in typed):
            (sure if len(typed) == len(holders) else unsure).add(column.name)
    return frozenset(sure), frozenset(unsure)


def _is_text_by_name(name: str) -> bool:
    return name in TEXT_ATTRIBUTES or name.endswith("_id")


def _with_mapped(table: str, mapping: Mapping[str, str]) -> tuple[Column, ...]:
    standard = TABLES[table]
    names = {column.name for column in standard}
    extra = [Column(ours, Kind.ATTRIBUTE) for ours in mapping if ours not in names]
    return (*standard, *extra)


def _attributes(
    table: str, files: Sequence[OpenFile], used: set[str]
) -> tuple[str, ...]:
    if table != OPEN_TABLE:
        return ()
    blocked = {name.lower() for name in used}
    names: dict[str, str] = {}
    for file in files:
        for name, sql_type in file.columns.items():
            readable = family_of(sql_type) in ACCEPTED[Kind.ATTRIBUTE]
            if name and readable and name.lower() not in blocked:
                names.setdefault(name.lower(), name)  # SQL names have no case
    return tuple(names.values())


def _check_header(table: str, file: OpenFile, theirs: Mapping[str, str]) -> None:
    missing = [
        column.name
        for column in TABLES[table]
        if column.needed and theirs[column.name] not in file.columns
    ]
    if not missing:
        return
    listed = ", ".join(file.columns)
    needed = [column.name for column in TABLES[table] if column.needed]
    if file.csv and _looks_like_data(file.csv.header):
        raise TableError(
            f"{file.path} has no header: its first line holds values.",
            needed=f"A first line of column names, with {', '.join(needed)}.",
            todo="Export it with its column names.",
        )
    lacks = ", ".join(repr(theirs[ours]) for ours in missing)
    raise TableError(
        f"{file.path} has no column {lacks}. It has: {listed}.",
        needed=f"{table} needs {', '.join(needed)}.",
        todo=_propose(table, missing, file, theirs),
    )


def _propose(
    table: str, missing: Sequence[str], file: OpenFile, theirs: Mapping[str, str]
) -> str:
    free = [name for name in file.columns if name not in theirs.values()]
    near = {ours: theirs_for(ours, free) for ours in missing}
    lines = [f'{ours} = "{name}"' for ours, name in near.items() if name]
    where = f"[data.columns.{table}]"
    if not lines:
        return f'Name the columns in regulars.toml: {where} {missing[0]} = "...".'
    suggestions = ", ".join(f'"{name}"' for name in near.values() if name)
    return f"Did you mean {suggestions}? Then write {where} {', '.join(lines)}."


def _looks_like_data(header: Sequence[str]) -> bool:
    return any(re.fullmatch(f"{NUMBER}|{INSTANT}", cell) for cell in header)


def _check_mapped(
    table: str, mapping: Mapping[str, str], file_columns: set[str]
) -> None:
    for ours, name in mapping.items():
        if name not in file_columns:
            raise TableError(
                f"[data.columns.{table}] takes {ours} from {name!r}, which no file "
                f"has. They have: {', '.join(sorted(file_columns))}.",
                needed="The name of a column as the files write it.",
                todo=did_you_mean(name, sorted(file_columns))
                or "Correct or remove the line.",
            )


def _check_columns(
    table: str,
    file: OpenFile,
    columns: Sequence[Column],
    theirs: Mapping[str, str],
) -> None:
    for column in columns:
        name = theirs[column.name]
        if file.csv and file.csv.header.count(name) > 1:
            raise TableError(
                f"{file.path} has the column {name!r} twice.",
                needed="One column of each name that is read.",
                todo="Rename or remove the other.",
            )
        family = family_of(file.columns.get(name, "NULL"))
        if family not in ACCEPTED[column.kind]:
            raise _wrong_type(table, file, column, name)


def _wrong_type(table: str, file: OpenFile, column: Column, name: str) -> TableError:
    needed, todo = {
        Kind.INSTANT: (
            "a date, a timestamp or text in ISO 8601",
            "Numbers may be seconds, milliseconds or days, and are not guessed at: "
            "convert them to timestamps when writing the file.",
        ),
        Kind.NUMBER: ("a number", "Convert it when writing the file."),
    }.get(column.kind, ("text or a whole number", "Convert it when writing the file."))
    return TableError(
        f"{file.path} holds {name!r} as {file.columns[name]}.",
        needed=f"{column.name} of {table} is {needed}.",
        todo=todo,
    )
