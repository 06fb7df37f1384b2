"""SQL that turns what a file holds into what our columns hold.

A column of a file goes through stages: ``r`` as it was read, ``s`` with text trimmed,
``t`` with what means "nothing" made NULL, and ``v`` in our type, NULL where ``t``
cannot be turned into it.
"""

from __future__ import annotations

from enum import StrEnum

from features.door.rows.columns import Column, Kind


class Family(StrEnum):
    """What the types of a file have in common, seen from the door."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    ZONED = "zoned"
    NOTHING = "nothing"
    OTHER = "other"


_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_FAMILIES = {
    Family.TEXT: ("VARCHAR", "UUID", "ENUM"),
    Family.INTEGER: _INTEGERS + tuple(f"U{name}" for name in _INTEGERS),
    Family.REAL: ("FLOAT", "DOUBLE", "DECIMAL"),
    Family.BOOLEAN: ("BOOLEAN",),
    Family.DATE: ("DATE",),
    Family.ZONED: ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"),
    Family.TIMESTAMP: ("TIMESTAMP",),
    Family.NOTHING: ('"NULL"', "NULL"),
}

_SCALARS = frozenset(Family) - {Family.OTHER}
ACCEPTED: dict[Kind, frozenset[Family]] = {
    Kind.ID: frozenset({Family.TEXT, Family.INTEGER, Family.REAL, Family.NOTHING}),
    Kind.TEXT: _SCALARS,
    Kind.NUMBER: frozenset({Family.TEXT, Family.INTEGER, Family.REAL, Family.NOTHING}),
    Kind.INSTANT: frozenset(
        {Family.TEXT, Family.DATE, Family.TIMESTAMP, Family.ZONED, Family.NOTHING}
    ),
    Kind.ATTRIBUTE: _SCALARS,
}
"""Which families each kind of our columns takes. Others are refused whole."""

NUMERIC = frozenset({Family.INTEGER, Family.REAL, Family.BOOLEAN, Family.NOTHING})

SQL_TYPES: dict[Kind, str] = {
    Kind.ID: "VARCHAR",
    Kind.TEXT: "VARCHAR",
    Kind.NUMBER: "DOUBLE",
    Kind.INSTANT: "TIMESTAMP",
    Kind.ATTRIBUTE: "VARCHAR",
}

NO_TEXT = ("null", "none", "n/a", "#n/a", "<na>", "nan", "nat")
"""Words that mean "nothing" in any column, whatever their case; as does no text."""

NO_VALUE = (*NO_TEXT, "na")
"""The same where the word "NA" cannot be a value: ids, numbers and instants."""

VISIBLE = r"[^\s\pZ\pC]"
"""A character that can be seen; an id has one."""

NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
NOT_FINITE = r"[+-]?(nan|inf|infinity)"
INSTANT = (
    r"\d{4}-\d{2}-\d{2}"
    r"([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?)?"
)
"""ISO 8601: a date, or a date and time, with an offset or without (then UTC)."""


def family_of(sql_type: str) -> Family:
    """Return the family of a DuckDB type.

    Examples
    --------
    >>> family_of("DECIMAL(18,2)"), family_of("TIMESTAMP_NS"), family_of("VARCHAR[]")
    (<Family.REAL: 'real'>, <Family.TIMESTAMP: 'timestamp'>, <Family.OTHER: 'other'>)
    """
    if sql_type.endswith("]"):
        return Family.OTHER
    for family, names in _FAMILIES.items():
        if sql_type.startswith(names):
            return family
    return Family.OTHER


def quote_name(name: str) -> str:
    """Return a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Return a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def trimmed_sql(raw: str, family: Family) -> str:
    """Return ``s``: text without the blanks around it."""
    return f"trim(CAST({raw} AS VARCHAR))" if family is Family.TEXT else raw


def clean_sql(trimmed: str, column: Column, family: Family) -> str:
    """Return ``t``: NULL where the cell says nothing."""
    if family is Family.TEXT:
        words = _empty_words(column)
        longest = max(len(word) for word in words)
        # A plain IN would be made a join, which is slow and mixes the rows up.
        return (
            f"CASE WHEN strlen({trimmed}) > {longest} THEN {trimmed}"
            f" WHEN regexp_full_match({trimmed}, '({'|'.join(words)})?', 'i') THEN NULL"
            f" ELSE {trimmed} END"
        )
    if family is Family.REAL and not _is_needed_number(column):
        is_nan = f"isnan(CAST({trimmed} AS DOUBLE))"
        return f"CASE WHEN {is_nan} THEN NULL ELSE {trimmed} END"
    return trimmed


def value_sql(clean: str, column: Column, sql_type: str) -> str:
    """Return ``v``: ``t`` in our type, NULL where it cannot be."""
    family = family_of(sql_type)
    if column.kind is Kind.NUMBER:
        number = _number_sql(clean, family)
        return f"abs({number})" if column.name == "discount" else number
    if column.kind is Kind.INSTANT:
        return clean if sql_type == "TIMESTAMP" else _instant_sql(clean, family)
    text = clean if family is Family.TEXT else _text_sql(clean, family)
    if column.name == "currency":
        return f"upper({text})"
    return f"lower({text})" if column.name == "direction" else text


def _is_needed_number(column: Column) -> bool:
    return column.needed and column.kind is Kind.NUMBER


def _empty_words(column: Column) -> tuple[str, ...]:
    if _is_needed_number(column):
        return tuple(word for word in NO_VALUE if word != "nan")
    return NO_TEXT if column.kind in {Kind.TEXT, Kind.ATTRIBUTE} else NO_VALUE


def _number_sql(clean: str, family: Family) -> str:
    if family is not Family.TEXT:
        number = f"CAST({clean} AS DOUBLE)"
    else:
        number = (
            f"CASE WHEN regexp_full_match({clean}, '{NUMBER}')"
            f" THEN TRY_CAST({clean} AS DOUBLE)"
            f" WHEN regexp_full_match(lower({clean}), '{NOT_FINITE}')"
            " THEN CAST('nan' AS DOUBLE) END"
        )
    return f"(({number}) + 0.0)"  # -0 is 0


def _instant_sql(clean: str, family: Family) -> str:
    if family is Family.TEXT:
        # A cast to TIMESTAMP would drop the offset.
        zoned = f"TRY_CAST({clean} AS TIMESTAMPTZ)"
        matches = f"regexp_full_match({clean}, '{INSTANT}')"
        return f"CASE WHEN {matches} THEN make_timestamp(epoch_us({zoned})) END"
    if family is Family.ZONED:
        return f"make_timestamp(epoch_us(CAST({clean} AS TIMESTAMPTZ)))"
    return f"CAST({clean} AS TIMESTAMP)"


def _text_sql(clean: str, family: Family) -> str:
    text = f"CAST({clean} AS VARCHAR)"
    if family is Family.BOOLEAN:
        return f"CAST(CAST({clean} AS INTEGER) AS VARCHAR)"
    if family is Family.REAL:
        # Ids with a gap among them are floats in many tools: 13085.0 is id 13085.
        whole = f"CAST(TRY_CAST({clean} AS HUGEINT) AS VARCHAR)"
        return f"CASE WHEN {clean} = trunc({clean}) THEN {whole} ELSE {text} END"
    return text
