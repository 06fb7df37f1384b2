"""Reasons in words where columns are a company's own, and some are categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.score.schema import REASON
from models.words.reasons import ReasonTable
from models.words.sentences import LANGUAGES

Floats = npt.NDArray[np.float64]

OTHER = ("another value", "其他值")
OURS = {"plan": ("the contract's plan", "合同套餐")}
"""What our own categories are called."""


class AttributeWords(ReasonTable):
    """Sentences for a table's own columns.

    Parameters
    ----------
    table : ReasonTable
    categories : mapping of str to sequence of str
        The values of each category, by code.
    own : bool
        Whether the columns are the user's: then no name is looked up in the table,
        lest an attribute be taken for a feature of the same name.
    """

    def __init__(
        self,
        table: ReasonTable,
        categories: Mapping[str, Sequence[str]],
        *,
        own: bool,
    ) -> None:
        values = table.to_dict()
        super().__init__({**values, "reason": []} if own else values)
        self._ours = {} if own else OURS
        self._categories = categories

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
        """Say the reason that one column is for many customers."""
        if feature not in self._categories:
            return super().sentences(
                feature,
                value,
                usual,
                contribution=contribution,
                currency=currency,
                context=context,
                languages=languages,
            )
        spelt = feature.replace("_", " ")
        levels, shown = self._categories[feature], (spelt, spelt)
        shown = self._ours.get(feature, shown)
        pairs = [_say(shown, v, u, levels) for v, u in zip(value, usual, strict=True)]
        texts = dict(zip(LANGUAGES, zip(*pairs, strict=True), strict=True))
        return tuple(pa.array(texts[name], pa.string()) for name in languages)


def without_codes(reasons: pa.ListArray, categories: Sequence[str]) -> pa.ListArray:
    """Leave out value and usual where they are codes of a category."""
    if not categories:
        return reasons
    flat = reasons.values
    is_code = pc.is_in(flat.field("feature"), value_set=pa.array(list(categories)))
    nothing = pa.scalar(None, pa.float64())
    fields = [
        pc.if_else(is_code, nothing, flat.field(field.name))
        if field.name in ("value", "usual")
        else flat.field(field.name)
        for field in REASON
    ]
    structs = pa.StructArray.from_arrays(fields, fields=list(REASON))
    return pa.ListArray.from_arrays(reasons.offsets, structs)


def _say(
    names: tuple[str, str], value: float, usual: float, levels: Sequence[str]
) -> tuple[str, str]:
    """Name the value of a category, and what peers usually have."""
    name, zh = names
    if np.isnan(value):
        return f"{name} is not known", f"{zh}未知"
    own, peers = _level(value, levels), _level(usual, levels)
    if np.isnan(usual):
        return f"{name} is {own[0]}", f"{zh}为{own[1]}"
    if value == usual:
        return f"{name} is {own[0]}, as usual", f"{zh}为{own[1]}，与同类客户一样"
    return (
        f"{name} is {own[0]}; peers usually {peers[0]}",
        f"{zh}为{own[1]}，同类客户通常为{peers[1]}",
    )


def _level(code: float, levels: Sequence[str]) -> tuple[str, str]:
    if np.isnan(code) or not 0 <= code < len(levels):
        return OTHER
    return levels[int(code)], levels[int(code)]
