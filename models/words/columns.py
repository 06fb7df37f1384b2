"""Sentences about customers: row by row for a few, as columns of text for many."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.words.sentences import Form, Slot, Writer, find_writer

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]
Figures = Floats | np.float64
Wording = Mapping[str, tuple[Form, ...]]
"""The ways to say something in each language, the fullest first."""

Voice = Mapping[str, Wording]
"""What is said of one feature: how each case is worded."""

HOLDS: Mapping[str, Callable[[Figures], Bools | np.bool_]] = {
    "missing": lambda value: ~np.isfinite(value),
    "lowest": lambda value: value <= -1,
    "highest": lambda value: value >= 1,
    "zero": lambda value: value == 0,
    "below": lambda value: value < 0,
    "said": lambda value: np.isfinite(value) | True,
}
"""The cases in the order they are looked at, and whether a figure is of one."""

WHOLE_FROM = 10.0
"""Counts and days are written without decimals from here on."""

DOUBTFUL = 1e-6
"""How near to a half of the last decimal a figure is left as it is."""

ROWS_WRITTEN_SINGLY = 16
"""From here on Arrow's columns are quicker than Python's texts."""

MOST_ROUNDED = 1e6
"""Figures from here on are left as they are."""


class Words:
    """The figures of some customers, written where a form has a slot for them.

    Parameters
    ----------
    figures : mapping of str to ndarray of shape (n_customers,)
    context : mapping of str to ndarray of shape (n_customers,)
        Asked for a column only when a form names it.
    currency : str or None
    directions : mapping
        What is said of a contribution that raises or lowers, by language.
    """

    def __init__(
        self,
        figures: Mapping[str, Floats],
        context: Mapping[str, Floats],
        *,
        currency: str | None,
        directions: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._figures = figures
        self._columns: dict[str, Floats | None] = dict(figures)
        self._context = context
        self._currency = currency
        self._directions = directions
        self._written: dict[tuple[Slot, Writer], tuple[Rows, pa.StringArray]] = {}

    def say(
        self, voice: Voice, n_customers: int, languages: Sequence[str]
    ) -> tuple[pa.StringArray, ...]:
        """Say one sentence about each customer, in each language.

        A sentence is the first form of its case whose figures are all known.
        """
        if n_customers <= ROWS_WRITTEN_SINGLY:
            return tuple(
                pa.array(
                    [self._say_row(voice, row, language) for row in range(n_customers)],
                    pa.string(),
                )
                for language in languages
            )
        cases: list[tuple[Wording, Rows]] = []
        value = self._figures["value"]
        is_open = np.ones(n_customers, dtype=bool)
        for case, wording in voice.items():
            of_case = is_open & HOLDS[case](value)
            is_open &= ~of_case
            cases.append((wording, np.flatnonzero(of_case)))
        return tuple(self._say_columns(cases, language) for language in languages)

    def _say_row(self, voice: Voice, row: int, language: str) -> str:
        value = self._figures["value"][row]
        case = next(case for case in voice if HOLDS[case](value))
        texts = (self._fill(form, row, language) for form in voice[case][language])
        # The last form of all names no figure, so that there is always a sentence.
        return next(text for text in texts if text is not None)

    def _fill(self, form: Form, row: int, language: str) -> str | None:
        """Write a form for one row, None if a figure is unknown."""
        if not form.slots:
            return form.text
        texts = [form.around[0]]
        for slot, after in zip(form.slots, form.around[1:], strict=True):
            column = self._column(slot.name)
            figure = math.nan if column is None else float(column[row])
            if not math.isfinite(figure):
                return None
            if slot.is_count and abs(figure) >= WHOLE_FROM:
                figure = float(round(figure))
            texts += [self._find_writer(slot, language)(figure), after]
        return "".join(texts)

    def _say_columns(
        self, cases: Sequence[tuple[Wording, Rows]], language: str
    ) -> pa.StringArray:
        """Say a sentence about each customer, a form at a time."""
        rows = [np.zeros(0, dtype=np.intp)]
        texts = [pa.array([], pa.string())]
        for wording, unsaid in cases:
            for form in wording[language]:
                if not len(unsaid):
                    break
                can_say = self._are_known(form, unsaid)
                if not can_say.any():
                    continue
                rows.append(unsaid[can_say])
                texts.append(self._write(form, rows[-1], language))
                unsaid = unsaid[~can_say]
        if len(texts) == 2 and len(cases) == 1:
            return texts[1]
        place = np.empty(sum(map(len, rows)), dtype=np.intp)
        place[np.concatenate(rows)] = np.arange(len(place))
        return pa.concat_arrays(texts).take(pa.array(place))

    def _are_known(self, form: Form, rows: Rows) -> Bools:
        are_known = np.ones(len(rows), dtype=bool)
        for slot in form.slots:
            column = self._column(slot.name)
            are_known &= False if column is None else np.isfinite(column[rows])
        return are_known

    def _column(self, name: str) -> Floats | None:
        """Return a column, asked of the context only when a form names it."""
        if name not in self._columns:
            self._columns[name] = self._context.get(name)
        return self._columns[name]

    def _write(self, form: Form, rows: Rows, language: str) -> pa.StringArray:
        if not form.slots:
            return pa.repeat(pa.scalar(form.text, pa.string()), len(rows))
        parts: list[pa.Scalar | pa.Array] = [pa.scalar(form.around[0])]
        for slot, after in zip(form.slots, form.around[1:], strict=True):
            parts += [self._write_slot(slot, rows, language), pa.scalar(after)]
        return pc.binary_join_element_wise(*parts, "")

    def _rounded(self, slot: Slot, rows: Rows) -> Floats:
        """Return the figures of one slot, rounded where they are written so."""
        column = self._column(slot.name)
        figures = np.zeros(0) if column is None else column[rows]
        if slot.is_count:
            return _as_counts(figures, is_days=slot.kind == "days")
        if slot.kind == "share":
            is_whole = np.abs(figures) >= 0.01
            return np.where(is_whole, _to_decimals(figures, 2), figures)
        return figures

    def _write_slot(self, slot: Slot, rows: Rows, language: str) -> pa.StringArray:
        """Write the figures of one slot, each different one once."""
        write = self._find_writer(slot, language)
        rows_before, texts = self._written.get((slot, write), (None, None))
        if rows_before is None or not np.array_equal(rows_before, rows):
            different = pa.array(self._rounded(slot, rows)).dictionary_encode()
            written = [write(figure) for figure in different.dictionary.to_pylist()]
            texts = pa.array(written, pa.string()).take(different.indices)
            self._written[slot, write] = rows, texts
        return texts

    def _find_writer(self, slot: Slot, language: str) -> Writer:
        if slot.name != "direction":
            return find_writer(slot.kind, language, self._currency)
        up, down = (self._directions[way][language] for way in ("raises", "lowers"))
        return lambda contribution: up if contribution >= 0 else down


def _as_counts(figures: Floats, *, is_days: bool) -> Floats:
    """Round counts as they are written, so that few of many differ."""
    size = np.abs(figures)
    rounded = np.where(
        size >= WHOLE_FROM,
        np.rint(figures),
        np.where(size >= 1, _to_decimals(figures, 1), _to_decimals(figures, 2)),
    )
    # Any part of a day is written alike.
    return np.where((figures > 0) & (figures < 1), 0.5, rounded) if is_days else rounded


def _to_decimals(figures: Floats, decimals: int) -> Floats:
    """Round figures, but where a half makes it doubtful which way they are written."""
    scale = 10.0**decimals
    is_small = np.abs(figures) < MOST_ROUNDED
    scaled = np.where(is_small, figures, 0.0) * scale
    is_half = np.abs(np.abs(scaled - np.trunc(scaled)) - 0.5) < DOUBTFUL
    return np.where(is_small & ~is_half, np.rint(scaled) / scale, figures)
