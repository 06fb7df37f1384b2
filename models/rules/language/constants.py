"""Numbers, texts, dates, instants and patterns as they are written in a rule.

What cannot be read is a ``ValueError`` that says how it is written.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

from models.rules.language.limits import (
    LARGEST,
    MAX_PATTERN,
    MAX_TEXT,
    MAX_WILDCARDS,
    SMALLEST,
)
from models.rules.language.nodes import RuleType, Value

ESCAPE = "!"
"""What we escape wildcards with; in a rule it is a backslash."""


def read_number(written: str) -> Value:
    """Read a number."""
    try:
        number = float(written)
    except ValueError:
        raise ValueError("this is not a number") from None
    size = abs(number)
    if not math.isfinite(number) or size > LARGEST or 0 < size < SMALLEST:
        raise ValueError(f"a number is 0, or from {SMALLEST:g} to {LARGEST:g}")
    return Value(number, RuleType.NUMBER)


def read_text(written: str) -> Value:
    """Read a text."""
    if len(written) > MAX_TEXT:
        raise ValueError(f"a text has at most {MAX_TEXT} characters")
    return Value(written, RuleType.TEXT)


def read_date(written: str) -> Value:
    """Read a day.

    Examples
    --------
    >>> read_date("2011-12-09").value
    '2011-12-09'
    """
    try:
        day = datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ValueError("a date is written '2011-12-09'") from None
    return Value(_four_digits(day.isoformat(), day), RuleType.DATE)


def read_instant(written: str) -> Value:
    """Read a day or an instant; without an offset it is UTC.

    Examples
    --------
    >>> read_instant("2011-12-09T12:50:00+08:00").value
    '2011-12-09 04:50:00.000000'
    """
    try:
        instant = datetime.fromisoformat(written)
        zoned = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        utc = zoned.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("an instant is written '2011-12-09T12:50:00Z'") from None
    return Value(
        _four_digits(f"{utc:%Y-%m-%d %H:%M:%S.%f}", utc.date()), RuleType.INSTANT
    )


def _four_digits(written: str, day: date) -> str:
    if not 1000 <= day.year <= 9999:
        raise ValueError("a year is from 1000 to 9999")
    return written


def read_pattern(written: str) -> Value:
    r"""Read a pattern: % is any text, _ one character; \% and \_ are themselves.

    It is kept as LIKE takes it with ``ESCAPE``.

    Examples
    --------
    >>> read_pattern(r"10\% of%!").value
    '10!% of%!!'
    """
    if len(written) > MAX_PATTERN:
        raise ValueError(f"a pattern has at most {MAX_PATTERN} characters")
    parts, rest = [], iter(written)
    for character in rest:
        if character == "\\":
            escaped = next(rest, "")
            if escaped not in {"%", "_", "\\"}:
                raise ValueError(r"a backslash stands before %, _ or \ alone")
            parts.append(escaped if escaped == "\\" else ESCAPE + escaped)
        else:
            parts.append(ESCAPE * 2 if character == ESCAPE else character)
    if parts.count("%") > MAX_WILDCARDS:
        raise ValueError(f"a pattern has at most {MAX_WILDCARDS} of %")
    return Value("".join(parts), RuleType.TEXT)


def to_glob(pattern: str) -> str:
    """Return a pattern as SQLite's GLOB, which heeds case, takes it.

    Examples
    --------
    >>> to_glob("10!% of%!![x*")
    '10% of*![[]x[*]'
    """
    parts, rest = [], iter(pattern)
    for character in rest:
        if character == ESCAPE:
            parts.append(next(rest))
        elif character in "%_":
            parts.append("*" if character == "%" else "?")
        else:
            parts.append(f"[{character}]" if character in "[*?" else character)
    return "".join(parts)
