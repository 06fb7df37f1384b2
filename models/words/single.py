"""Sentences of few customers, each written by itself.

``models.words.columns`` writes the same ones as columns, which pays from some hundred
on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from models.words.columns import HOLDS, WHOLE_FROM, Wording
from models.words.sentences import Form, Slot, find_writer

Find = Callable[[str], float | None]
"""Gives the figure of a name, None where there is none."""


def write_one(
    voice: Mapping[str, Wording],
    find: Find,
    language: str,
    *,
    currency: str | None,
    directions: Mapping[str, Mapping[str, str]],
) -> str:
    """Say one sentence: the first form of its case whose figures are all known.

    Parameters
    ----------
    voice : mapping
        How each case is worded.
    find : callable
        ``value`` and ``direction`` are always there.
    language : str
    currency : str or None
    directions : mapping
        What is said of a contribution that raises or lowers, by language.
    """
    value = find("value")
    figure = np.float64(math.nan if value is None else value)
    case = next(case for case in voice if HOLDS[case](figure))
    for form in voice[case][language]:
        text = _fill(form, find, language, currency=currency, directions=directions)
        if text is not None:
            return text
    raise LookupError(case)  # the last form of all names no figure


def _fill(
    form: Form,
    find: Find,
    language: str,
    *,
    currency: str | None,
    directions: Mapping[str, Mapping[str, str]],
) -> str | None:
    """Write a form, None if a figure is not known."""
    texts = [form.around[0]]
    for slot, after in zip(form.slots, form.around[1:], strict=True):
        figure = find(slot.name)
        if figure is None or not math.isfinite(figure):
            return None
        if slot.name == "direction":
            texts.append(directions["raises" if figure >= 0 else "lowers"][language])
        else:
            written = find_writer(slot.kind, language, currency)
            texts.append(written(_rounded(figure, slot)))
        texts.append(after)
    return "".join(texts) if form.slots else form.text


def _rounded(figure: float, slot: Slot) -> float:
    """Round a figure where it is written without decimals."""
    is_whole = slot.is_count and abs(figure) >= WHOLE_FROM
    return float(round(figure)) if is_whole else figure
