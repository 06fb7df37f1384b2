"""Reasons in words, in English and in Chinese, from one table of templates.

A sentence says what was seen of the customer and what is usual, with the figures. It
claims no cause.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.words.columns import HOLDS, Voice, Words
from models.words.sentences import LANGUAGES, Form, compile_forms

TABLE = Path(__file__).with_name("reasons.toml")

Floats = npt.NDArray[np.float64]


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
        return en[0].as_py(), zh[0].as_py()

    def sentences(
        self,
        feature: str,
        value: Floats,
        usual: Floats,
        *,
        contribution: Floats,
        currency: str | None = None,
        context: Mapping[str, Floats] | None = None,
        languages: Sequence[str] = LANGUAGES,
    ) -> tuple[pa.StringArray, ...]:
        """Say the reason that one feature is for many customers.

        As ``sentence``, with arrays of shape (n_customers,) for figures.

        Returns
        -------
        tuple of StringArray of shape (n_customers,)
            In each of ``languages``.
        """
        voice = self._voice(feature)
        figures = {"value": value, "usual": usual, "direction": contribution}
        words = Words(
            figures,
            context or {},
            currency=currency,
            directions=self._table["directions"],
        )
        return words.say(voice, len(value), languages)

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
        texts_by_case = {"missing": plain["missing"], **entry, "said": entry}

        def compile_case(case: str, language: str) -> tuple[Form, ...]:
            texts = (texts_by_case[case], plain, plain["missing"])
            forms = [compile_forms(text[language], literals) for text in texts]
            return tuple(chain.from_iterable(forms))

        return {
            case: {language: compile_case(case, language) for language in LANGUAGES}
            for case in HOLDS
            if case in texts_by_case
        }


def _spell(name: str) -> str:
    """Write a column's name as words."""
    return name.replace("_", " ")
