"""The report of a table: rows in, accepted, and set aside by reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One row that was set aside, as an example.

    Parameters
    ----------
    file : str
        The file it came from, empty for rows that came by the API.
    row : int
        Its line in a CSV file, where the header is line 1; else its number, from 1.
    reason : str
        The code of its fault.
    column : str or None
        Our column at fault.
    given : str or None
        The beginning of the bad number or instant; never of an id or a text.
    """

    file: str
    row: int
    reason: str
    column: str | None = None
    given: str | None = None


@dataclass(frozen=True, slots=True)
class TableReport:
    """What became of the rows of one table.

    Parameters
    ----------
    table : str
        Its name.
    files : tuple of str
        The files it was read from.
    rows_in, rows_accepted : int
        Their difference is the sum of ``rejected``.
    rejected : dict
        Reason to number of rows, most first.
    examples : tuple of RejectedRow
        The first few rows of each reason.
    columns : tuple of str
        Our columns that the files fill.
    unused : tuple of str
        Their columns that nothing is read from.
    currency : str or None
        What amounts are in, where the table says.
    """

    table: str
    files: tuple[str, ...]
    rows_in: int
    rows_accepted: int
    rejected: Mapping[str, int]
    examples: tuple[RejectedRow, ...]
    columns: tuple[str, ...]
    unused: tuple[str, ...]
    currency: str | None = None

    @property
    def hints(self) -> tuple[str, ...]:
        """What to do about the rows set aside, most frequent reason first."""
        hints = (self._hint(reason) for reason in self.rejected)
        return tuple(dict.fromkeys(hint for hint in hints if hint))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**asdict(self), "rejected": dict(self.rejected), "hints": self.hints}

    def _hint(self, reason: str) -> str | None:
        examples = [
            example.given for example in self.examples if example.reason == reason
        ]
        if reason == "other_currency":
            return (
                f"Amounts in different currencies are not added up: {self.currency} is "
                "kept, as the most common. Convert the others beforehand."
            )
        for prefix, pattern, hint in HINTS:
            if reason.startswith(prefix) and any(
                re.fullmatch(pattern, example or "") for example in examples
            ):
                return hint
        return None


_ANY = r"[\s\S]*"
_BAD_INSTANT = ("bad_occurred_at", "bad_known_at", "bad_joined_at")
HINTS: tuple[tuple[str | tuple[str, ...], str, str], ...] = (
    (
        _BAD_INSTANT,
        r"\d{9,19}(\.0+)?",
        "Instants that are numbers are not guessed at (seconds or milliseconds since "
        "1970?): write them as ISO 8601, such as 2024-01-31T18:30:00Z.",
    ),
    (
        _BAD_INSTANT,
        r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}.*",
        "Day and month are not guessed at: write dates as ISO 8601, such as "
        "2024-01-31.",
    ),
    (_BAD_INSTANT, _ANY, "Instants are ISO 8601, such as 2024-01-31T18:30:00Z."),
    (
        "bad_",
        r"[^\d]{0,3}[+-]?[\d.' ]*\d,\d+.*",
        "Numbers need a point for decimals and nothing between thousands: 1234.50, "
        "not 1.234,50 and not 1,234.50.",
    ),
    (
        "bad_",
        r"([^\d\s+.-]{1,3} ?[+-]?\d.*)|([+-]?[\d.]+ ?[^\d\s.]{1,3})",
        "Numbers come without a sign of currency, brackets or percent; name the "
        "currency in a column of its own.",
    ),
    ("bad_", _ANY, "Numbers are written as 1234.50."),
    (
        "malformed_row",
        _ANY,
        "Malformed rows have more or fewer cells than the header, or a quote left "
        "open. A cell that holds the delimiter needs quotes around it.",
    ),
    (
        "future_",
        _ANY,
        "Instants without an offset are taken as UTC: local times ahead of it need "
        "theirs, such as +08:00.",
    ),
    (
        "missing_customer_id",
        _ANY,
        "Purchases without a customer cannot be credited to anyone.",
    ),
    (
        "nul_character",
        _ANY,
        "NUL characters come from a broken export: export it again.",
    ),
)
"""Prefix of the reason, pattern of an example, hint; the first match is used."""


def count_reasons(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Add up counts of the same reason, most first.

    Examples
    --------
    >>> count_reasons([("bad_amount", 1), ("nul_character", 2), ("bad_amount", 3)])
    {'bad_amount': 4, 'nul_character': 2}
    """
    total: dict[str, int] = {}
    for reason, count in counts:
        total[reason] = total.get(reason, 0) + count
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))


def printable(text: str) -> str:
    """Return a text with what cannot be shown replaced."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
