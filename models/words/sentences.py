"""Templates of sentences, compiled: which slots they need and how these are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product

from models.words.figures import KEPT, money_writer, write_number, write_share

LANGUAGES = ("en", "zh")

SLOT = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
HOLE = "\0"
OPTIONAL = re.compile(r"\[([^\[\]]*)\]")

Writer = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a figure: of which feature, and of which kind."""

    name: str
    kind: str

    @property
    def is_count(self) -> bool:
        """Tell whether large figures are written without decimals."""
        return self.kind in {"number", "days"} or "|" in self.kind


@dataclass(frozen=True, slots=True)
class Form:
    """One way to say a sentence: ``{}`` for each slot, and what stands around them."""

    text: str
    slots: tuple[Slot, ...]
    around: tuple[str, ...]


def compile_forms(
    texts: str | Sequence[str], literals: Mapping[str, str]
) -> tuple[Form, ...]:
    """Spell out every way to say a sentence, the fullest first.

    Parameters
    ----------
    texts : str or sequence of str
        Templates in order of preference.
    literals : mapping of str to str
        Slots that are words, put in at once.

    Examples
    --------
    >>> text = "{value} in {w} days[; usually {usual:days}]"
    >>> forms = compile_forms(text, {"w": "90"})
    >>> [form.text for form in forms]
    ['{} in 90 days; usually {}', '{} in 90 days']
    >>> forms[0].slots
    (Slot(name='value', kind='number'), Slot(name='usual', kind='days'))
    """
    forms = []
    for text in [texts] if isinstance(texts, str) else texts:
        pieces = OPTIONAL.split(text)
        for said in product((True, False), repeat=len(pieces) // 2):
            said_pieces = [
                piece for i, piece in enumerate(pieces) if i % 2 == 0 or said[i // 2]
            ]
            forms.append(_compile_form("".join(said_pieces), literals))
    return tuple(forms)


def find_writer(kind: str, language: str, currency: str | None) -> Writer:
    """Return how figures of ``kind`` are written.

    Raises
    ------
    KeyError
        If there is no such kind.

    Examples
    --------
    >>> find_writer("days", "en", None)(1.0), find_writer("days", "zh", None)(0.3)
    ('1 day', '不到1天')
    >>> find_writer("order|orders", "en", None)(1.0)
    '1 order'
    >>> find_writer("rise", "en", None)(-0.5)
    '67 %'
    """
    if kind == "money":
        return money_writer(currency)
    if "|" in kind:
        return _noun_writer(*kind.split("|"))
    return WRITERS[kind, language]


def _compile_form(text: str, literals: Mapping[str, str]) -> Form:
    slots: list[Slot] = []

    def place(match: re.Match[str]) -> str:
        name, kind = match[1], match[2] or "number"
        if name in literals:
            return literals[name].replace(HOLE, "")
        slots.append(Slot(name, kind))
        return HOLE

    around = tuple(SLOT.sub(place, text).split(HOLE))
    return Form("{}".join(around), tuple(slots), around)


@cache
def _noun_writer(one: str, many: str) -> Writer:
    @lru_cache(maxsize=KEPT)
    def write(value: float) -> str:
        text = write_number(value)
        return f"{text} {one if text == '1' else many}"

    return write


@lru_cache(maxsize=KEPT)
def _write_days_zh(value: float) -> str:
    return "不到1天" if 0 < value < 1 else f"{write_number(value)}天"


@lru_cache(maxsize=KEPT)
def _write_days_en(value: float) -> str:
    return "less than a day" if 0 < value < 1 else _noun_writer("day", "days")(value)


@lru_cache(maxsize=KEPT)
def _write_share_zh(value: float) -> str:
    return write_share(value).replace(" ", "")


def _write_clock(hour: float) -> str:
    """Write an hour of the day as a clock shows it."""
    minutes = round(hour % 24 * 60) % (24 * 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _rise(contrast: float) -> float:
    """Turn ``(a - b) / (a + b)`` into ``|a / b - 1|``."""
    return abs(2 * contrast / (1 - contrast)) if contrast < 1 else float("inf")


WRITERS: Mapping[tuple[str, str], Writer] = {
    ("number", "en"): write_number,
    ("number", "zh"): write_number,
    ("days", "en"): _write_days_en,
    ("days", "zh"): _write_days_zh,
    ("share", "en"): write_share,
    ("share", "zh"): _write_share_zh,
    ("rise", "en"): lambda value: write_share(_rise(value)),
    ("rise", "zh"): lambda value: _write_share_zh(_rise(value)),
    ("inverse", "en"): lambda value: write_number(1 / value) if value else "0",
    ("inverse", "zh"): lambda value: write_number(1 / value) if value else "0",
    ("clock", "en"): _write_clock,
    ("clock", "zh"): _write_clock,
}
