"""The reasons of many scores, as one column of lists."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.purchases.frame import take_columns
from models.score.forecast import Explained
from models.score.schema import BASE, OTHER, REASON
from models.words.reason_writer import Speaker
from models.words.reasons import ReasonTable
from models.words.sentences import LANGUAGES

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

MOST_REASONS = 3
CLOSING = (
    ("all other features together", "where every customer starts"),
    ("其他特征合计", "所有客户的起点"),
)
"""What is said of the closing rows, in English and in Chinese."""

CANDIDATES = 8
"""Drivers looked at for each customer: two that say the same sentence are one."""

TOGETHER = 1024
"""Customers whose contributions are looked through at a time."""


def write_reasons(
    explained: Explained,
    X: pd.DataFrame,
    usual: Floats,
    *,
    table: ReasonTable,
    currency: str | None,
    raising_first: bool = False,
) -> pa.ListArray:
    """Put each customer's main drivers into words.

    Parameters
    ----------
    explained : Explained
        Contributions of ``explained.columns`` to the served figure.
    X : DataFrame of shape (n_customers, n_columns)
    usual : ndarray of shape (n_customers, n_explained)
        What is usual among each customer's peers.
    table : ReasonTable
    currency : str or None
    raising_first : bool
        Of the strongest drivers, those that raise the figure are told first.

    Returns
    -------
    ListArray of shape (n_customers,)
        At most three drivers, the strongest first unless told else, then what all
        others add, then the base: the contributions add up to the served figure.
    """
    parts = explained.parts
    values = take_columns(X, explained.columns)
    speaker = Speaker(explained, X, (values, usual), table=table, currency=currency)
    order = _strongest(parts, raising_first=raising_first)
    chosen, is_told = order[:, :MOST_REASONS], np.ones((len(parts), MOST_REASONS), bool)
    is_told = is_told[:, : chosen.shape[1]]
    words = speaker.say(chosen, is_told)
    alike = np.flatnonzero(~_differ(words[0], chosen.shape).all(axis=1))
    if len(alike):
        more = order[alike]
        every = np.ones(more.shape, bool)
        (said,) = speaker.say(more, every, rows=alike, languages=LANGUAGES[:1])
        keep = _first_few(_differ(said, more.shape))
        first = np.argsort(~keep, axis=1, kind="stable")[:, :MOST_REASONS]
        chosen[alike] = np.take_along_axis(more, first, axis=1)
        is_told[alike] = np.take_along_axis(keep, first, axis=1)
        again = speaker.say(chosen[alike], is_told[alike], rows=alike)
        pairs = zip(words, again, strict=True)
        words = tuple(_replace(old, new, alike, is_told=is_told) for old, new in pairs)
    return _lists(
        chosen, explained, cells=(values, usual), words=words, is_told=is_told
    )


def _strongest(parts: Floats, *, raising_first: bool) -> Rows:
    """Return the columns of the largest contributions, the largest first."""
    width = min(CANDIDATES, parts.shape[1])
    cuts = range(TOGETHER, len(parts), TOGETHER)
    largest = np.concatenate([_largest(rows, width) for rows in np.split(parts, cuts)])
    size = -np.abs(np.take_along_axis(parts, largest, axis=1))
    order = np.take_along_axis(largest, np.argsort(size, axis=1, kind="stable"), axis=1)
    if raising_first:
        lowers = np.take_along_axis(parts, order, axis=1) <= 0
        first = np.argsort(lowers, axis=1, kind="stable")
        order = np.take_along_axis(order, first, axis=1)
    return order


def _largest(parts: Floats, width: int) -> Rows:
    """Return the columns of each row's largest contributions, in their order."""
    n, least = parts.shape[1], parts.shape[1] - width
    size = np.abs(parts)
    # To partition numbers is quicker than to partition their places.
    is_large = size >= np.partition(size, least, axis=1)[:, least, None]
    tied = np.flatnonzero(is_large.sum(axis=1) != width)
    if len(tied):
        chosen = np.argpartition(-size[tied], width - 1, axis=1)[:, :width]
        is_large[tied] = False
        is_large[tied[:, None], chosen] = True
    return np.asarray(np.flatnonzero(is_large) % n).reshape(-1, width)


def _differ(said: pa.StringArray, shape: tuple[int, ...]) -> Bools:
    """Tell which sentences of each row were not said before in it."""
    codes = said.dictionary_encode().indices.to_numpy().reshape(shape)
    new = np.ones(shape, dtype=bool)
    for slot in range(1, shape[1]):
        for before in range(slot):
            new[:, slot] &= (codes[:, slot] != codes[:, before]) | ~new[:, before]
    return new


def _replace(
    said: pa.StringArray, again: pa.StringArray, rows: Rows, *, is_told: Bools
) -> pa.StringArray:
    """Take the sentences of some rows from those that were said again."""
    place = np.arange(is_told.size).reshape(is_told.shape)
    own = is_told[rows]
    place[rows] = len(said) + np.cumsum(own.ravel()).reshape(own.shape) - 1
    return pa.concat_arrays([said, again]).take(pa.array(place[is_told]))


def _first_few(new: Bools) -> Bools:
    return np.asarray(new & (np.cumsum(new, axis=1) <= MOST_REASONS))


def _lists(
    chosen: Rows,
    explained: Explained,
    *,
    cells: tuple[Floats, Floats],
    words: tuple[pa.StringArray, ...],
    is_told: Bools,
) -> pa.ListArray:
    """Put together the drivers, what all others add, and the base."""
    n, rows = len(chosen), np.arange(len(chosen))[:, None]
    drivers = np.where(is_told, explained.parts[rows, chosen], 0.0)
    other = explained.parts.sum(axis=1) - drivers.sum(axis=1)
    mask = np.hstack([is_told, np.ones((n, 2), dtype=bool)])
    ends = np.array([len(explained.columns), len(explained.columns) + 1])
    nothing = np.full((n, 2), np.nan)
    closing = np.column_stack([other, np.full(n, explained.base)])

    def flat(inside: npt.NDArray[Any], closing: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.asarray(np.hstack([inside, np.broadcast_to(closing, (n, 2))])[mask])

    names = pa.array([*explained.columns, OTHER, BASE], pa.string())
    spoken = np.cumsum(is_told.ravel()).reshape(is_told.shape) - 1
    value, usual = (cell[rows, chosen] for cell in cells)
    fields = [
        names.take(pa.array(flat(chosen, ends))),
        pa.array(flat(value, nothing), pa.float64(), from_pandas=True),
        pa.array(flat(usual, nothing), pa.float64(), from_pandas=True),
        pa.array(flat(drivers, closing), pa.float64()),
    ]
    for said, last in zip(words, CLOSING, strict=True):
        whole = pa.concat_arrays([said, pa.array(last, pa.string())])
        at = flat(spoken, np.array([len(said), len(said) + 1]))
        fields.append(whole.take(pa.array(at)))
    structs = pa.StructArray.from_arrays(fields, fields=list(REASON))
    offsets = np.concatenate([[0], np.cumsum(mask.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs)
