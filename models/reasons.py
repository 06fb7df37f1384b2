"""Reasons in words, in English and in Chinese, from one table of templates.

A sentence says what was seen of the customer and what is usual, with the figures. It
claims no cause.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.sentences import LANGUAGES, Form, Slot, Writer, compile_forms, find_writer

TABLE = Path(__file__).with_name("reasons.toml")

Floats = npt.NDArray[np.float64]
Voice = Mapping[str, Mapping[str, tuple[Form, ...]]]
"""What is said of one feature: the forms of each case in each language."""


HOLDS: Mapping[str, Callable[[Floats], npt.NDArray[np.bool_]]] = {
    "missing": lambda value: ~np.isfinite(value),
    "lowest": lambda value: value <= -1,
    "highest": lambda value: value >= 1,
    "zero": lambda value: value == 0,
    "below": lambda value: value < 0,
    "said": lambda value: np.ones(len(value), dtype=bool),
}
"""The cases in the order they are looked at, and the rows they are about."""


class ReasonTable:
    """Sentences for every feature.

    Parameters
    ----------
    table : mapping
        As ``reasons.toml`` holds it; its head explains it.

    Examples
    --------
    >>> table = ReasonTable.load()
    >>> table.sentence(
    ...     "overdue_ratio", 3.5, 0.9, 0.2,
    ...     context={"days_since_last_order": 74.0, "gap_median": 21.0},
    ... )
    ('last order 74 days ago; usually every 21', '距上次下单74天，平时每21天一次')
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table
        self._entries = [
            (re.compile(entry["feature"]), entry) for entry in table["reason"]
        ]
        self._voices: dict[str, Voice] = {}

    @classmethod
    def load(cls) -> ReasonTable:
        """Read the table that comes with the program."""
        return cls(tomllib.loads(TABLE.read_text(encoding="utf-8")))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ReasonTable:
        """Restore what ``to_dict`` gave."""
        return cls(values)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return dict(self._table)

    def knows(self, feature: str) -> bool:
        """Return whether the feature has a sentence of its own."""
        return any(pattern.fullmatch(feature) for pattern, _ in self._entries)

    def sentence(
        self,
        feature: str,
        value: float,
        usual: float,
        contribution: float,
        *,
        currency: str | None = None,
        context: Mapping[str, float] | None = None,
    ) -> tuple[str, str]:
        """Say one reason in English and in Chinese.

        Parameters
        ----------
        feature : str
        value : float
            Of the customer; NaN where not defined.
        usual : float
            Median of the customer's peers; NaN where there are none.
        contribution : float
            To the score that is explained.
        currency : str or None
            Of the amounts, where known.
        context : mapping of str to float
            Other features of the customer, which a sentence may name.
        """
        row = {name: np.array([float(v)]) for name, v in (context or {}).items()}
        en, zh = self.sentences(
            feature,
            np.array([float(value)]),
            np.array([float(usual)]),
            contribution=np.array([float(contribution)]),
            currency=currency,
            context=row,
        )
        return str(en[0]), str(zh[0])

    def sentences(
        self,
        feature: str,
        value: Floats,
        usual: Floats,
        *,
        contribution: Floats,
        currency: str | None = None,
        context: Mapping[str, Floats] | None = None,
    ) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
        """Say the reason that one feature is for many customers.

        As ``sentence``, with arrays of shape (n_customers,) for figures.

        Returns
        -------
        tuple of ndarray of shape (n_customers,)
            Of str, in English and in Chinese.
        """
        voice = self._voice(feature)
        figures = {"value": value, "usual": usual, "direction": contribution}
        words = _Words(
            figures,
            context or {},
            currency=currency,
            directions=self._table["directions"],
        )
        en, zh = (np.empty(len(value), dtype=object) for _ in LANGUAGES)
        left = np.ones(len(value), dtype=bool)
        for case, wording in voice.items():
            rows = left & HOLDS[case](value)
            if rows.any():
                left &= ~rows
                words.fill(en, wording["en"], rows=rows, language="en")
                words.fill(zh, wording["zh"], rows=rows, language="zh")
        return en, zh

    def _voice(self, feature: str) -> Voice:
        if feature not in self._voices:
            self._voices[feature] = self._compile(feature)
        return self._voices[feature]

    def _compile(self, feature: str) -> Voice:
        entry, literals = self._table["fallback"], {}
        for pattern, candidate in self._entries:
            match = pattern.fullmatch(feature)
            if match:
                entry, literals = candidate, match.groupdict()
                break
        literals = {name: _spell(text) for name, text in literals.items()}
        literals["feature"] = _spell(feature)
        plain = self._table["fallback"]
        given = {"missing": plain["missing"], **entry, "said": entry}

        def compile_case(case: str, language: str) -> tuple[Form, ...]:
            texts = (given[case], plain, plain["missing"])
            forms = [compile_forms(text[language], literals) for text in texts]
            return tuple(chain.from_iterable(forms))

        return {
            case: {language: compile_case(case, language) for language in LANGUAGES}
            for case in HOLDS
            if case in given
        }


class _Words:
    """The figures of some customers, written where a form has a slot for them."""

    def __init__(
        self,
        figures: Mapping[str, Floats],
        context: Mapping[str, Floats],
        *,
        currency: str | None,
        directions: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._columns: dict[str, Floats | None] = dict(figures)
        self._context = context
        self._currency = currency
        self._directions = directions

    def fill(
        self,
        sentences: npt.NDArray[np.object_],
        forms: tuple[Form, ...],
        *,
        rows: npt.NDArray[np.bool_],
        language: str,
    ) -> None:
        """Write the rows, each in the first form whose figures are all known."""
        left = rows.copy()
        for form in forms:
            known = left.copy()
            for slot in form.slots:
                known &= self._is_known(slot.name)
            if known.any():
                sentences[known] = self._write(form, np.flatnonzero(known), language)
                left &= ~known
            if not left.any():
                return

    def _column(self, name: str) -> Floats | None:
        """Return a column, asked of the context only when a form names it."""
        if name not in self._columns:
            self._columns[name] = self._context.get(name)
        return self._columns[name]

    def _is_known(self, name: str) -> npt.NDArray[np.bool_] | bool:
        column = self._column(name)
        return False if column is None else np.isfinite(column)

    def _write(
        self, form: Form, rows: npt.NDArray[np.intp], language: str
    ) -> npt.NDArray[np.object_]:
        if not form.slots:
            return np.full(len(rows), form.text.format(), dtype=object)
        texts = [self._write_slot(slot, rows, language) for slot in form.slots]
        return _to_objects(list(map(form.text.format, *texts)))

    def _write_slot(
        self, slot: Slot, rows: npt.NDArray[np.intp], language: str
    ) -> list[str]:
        """Write the figures of one slot, each different one once."""
        column = self._column(slot.name)
        figures = [] if column is None else column[rows].tolist()
        different = set(figures)
        write = self._find_writer(slot, language)
        if 2 * len(different) > len(figures):
            return list(map(write, figures))
        written = {figure: write(figure) for figure in different}
        return [written[figure] for figure in figures]

    def _find_writer(self, slot: Slot, language: str) -> Writer:
        if slot.name != "direction":
            return find_writer(slot.kind, language, self._currency)
        up, down = (self._directions[way][language] for way in ("raises", "lowers"))
        return lambda contribution: up if contribution >= 0 else down


def _to_objects(texts: list[str]) -> npt.NDArray[np.object_]:
    """Make an array without the detour over fixed-width text."""
    objects = np.empty(len(texts), dtype=object)
    objects[:] = texts
    return objects


def _spell(name: str) -> str:
    """Write a column's name as words."""
    return name.replace("_", " ")
