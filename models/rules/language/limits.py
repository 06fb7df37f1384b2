"""How large a rule may be, checked on its words before it is parsed.

A parser that recurses can be made to fall over by nesting, and a database by lists and
patterns. What people write by hand stays far below these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.rules.language.faults import fault_at

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

MAX_CHARACTERS = 10_000
MAX_WORDS = 3_000
MAX_BRACKETS = 16
"""Brackets, and words that open a nesting without one, inside each other."""

MAX_DEPTH = 24
"""Operators inside each other; SQLite's own parser ends at some hundred."""

MAX_EXTREMES = 2
"""``least`` and ``greatest`` inside each other: SQLite needs a query for each."""

MAX_NODES = 1_000
MAX_ITEMS = 1_000
"""Values in all lists of ``in``, together."""

MAX_DEGREE = 5
"""Factors in a number: with the bounds of ``writer`` no product leaves a double."""

MAX_TEXT = 500
MAX_PATTERN = 100
MAX_WILDCARDS = 4
"""``%`` in one pattern: each may be tried at every place of the text."""

LARGEST, SMALLEST = 1e15, 1e-15
"""The magnitudes of the numbers that can be written."""


def read_words(text: str) -> list[Token]:
    """Split a rule into words, and refuse one that is too large to be parsed."""
    if not text.strip():
        raise fault_at(text, 0, "the rule is empty", needed="An expression.")
    if len(text) > MAX_CHARACTERS:
        needed = f"At most {MAX_CHARACTERS:,}."
        raise fault_at(text, 0, f"{len(text):,} characters", needed=needed)
    for place, character in enumerate(text):
        if not character.isprintable() and character not in "\t\r\n":
            raise fault_at(text, place, "a character that cannot be printed")
    words = _tokenize(text)
    if len(words) > MAX_WORDS:
        needed = f"At most {MAX_WORDS:,}."
        raise fault_at(text, 0, f"{len(words):,} words", needed=needed)
    for word in words:
        if word.comments:
            raise fault_at(text, word.start, "a comment", todo="Leave it out.")
    _check_nesting(text, words)
    return words


def _tokenize(text: str) -> list[Token]:
    import sqlglot
    from sqlglot.errors import TokenError

    try:
        return list(sqlglot.tokenize(text))
    except TokenError:
        raise fault_at(
            text,
            _open_quote(text),
            "a quote or comment that is not closed",
            todo="Write a quote inside text twice: 'it''s'.",
        ) from None


def _open_quote(text: str) -> int:
    """Return where the last quote that is left open begins."""
    opened, quote = 0, ""
    for place, character in enumerate(text):
        if quote and character == quote:
            quote = ""
        elif not quote and character in "'\"":
            opened, quote = place, character
    return opened


def _check_nesting(text: str, words: list[Token]) -> None:
    from sqlglot.tokenizer_core import TokenType

    opening: set[Any] = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
    closing: set[Any] = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}
    prefixes: set[Any] = {TokenType.NOT, TokenType.DASH, TokenType.TILDE}
    depth = run = cases = 0
    for word in words:
        kind = word.token_type
        depth += (kind in opening) - (kind in closing)
        run = run + 1 if kind in prefixes else 0
        cases += kind == TokenType.CASE
        if max(depth, run, cases) > MAX_BRACKETS:
            needed = f"At most {MAX_BRACKETS} inside each other."
            raise fault_at(text, word.start, "nested too deeply", needed=needed)
