"""The reasons of many scores, as one column of lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from models.customer_model import Explained
from models.reasons import ReasonTable
from models.scores import BASE, OTHER, REASON

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Words = npt.NDArray[np.object_]

MOST_REASONS = 3
CANDIDATES = 8
"""Drivers looked at for each customer: two that say the same sentence are one."""


class _Slice(Mapping[str, Floats]):
    """The columns of some rows, cut out only when a sentence names them."""

    def __init__(self, X: pd.DataFrame, rows: Rows) -> None:
        self._X, self._rows = X, rows

    def __getitem__(self, name: str) -> Floats:
        return np.asarray(self._X[name].to_numpy(dtype=np.float64)[self._rows])

    def __iter__(self) -> Iterator[str]:
        return iter(self._X.columns)

    def __len__(self) -> int:
        return self._X.shape[1]


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
    n, width = len(parts), min(CANDIDATES, parts.shape[1])
    order = np.argsort(-np.abs(parts), axis=1, kind="stable")[:, :width]
    if raising_first:
        lowers = np.take_along_axis(parts, order, axis=1) <= 0
        first = np.argsort(lowers, axis=1, kind="stable")
        order = np.take_along_axis(order, first, axis=1)
    values = X[list(explained.columns)].to_numpy(dtype=np.float64)
    rows = np.arange(n)[:, None]
    cells = {
        "value": values[rows, order],
        "usual": usual[rows, order],
        "contribution": parts[rows, order],
    }

    def say(name: str, where: Rows, slot: Rows) -> tuple[Words, Words]:
        en, zh = table.sentences(
            name,
            cells["value"][where, slot],
            cells["usual"][where, slot],
            contribution=cells["contribution"][where, slot],
            currency=currency,
            context=_Slice(X, where),
        )
        return en, zh

    en, zh = _sentences(order, explained.columns, say)
    keep = _distinct(en)
    return _lists(order, explained, cells=cells, words=(en, zh), keep=keep)


def _sentences(
    order: Rows,
    columns: tuple[str, ...],
    say: Callable[[str, Rows, Rows], tuple[Words, Words]],
) -> tuple[Words, Words]:
    en, zh = (np.empty(order.shape, dtype=object) for _ in range(2))
    for column in np.unique(order):
        where, slot = np.nonzero(order == column)
        en[where, slot], zh[where, slot] = say(columns[column], where, slot)
    return en, zh


def _distinct(en: Words) -> npt.NDArray[np.bool_]:
    """Keep the first few that say something that was not said before."""
    keep = np.ones(en.shape, dtype=bool)
    for slot in range(1, en.shape[1]):
        for before in range(slot):
            keep[:, slot] &= (en[:, slot] != en[:, before]) | ~keep[:, before]
    return keep & (np.cumsum(keep, axis=1) <= MOST_REASONS)


def _lists(
    order: Rows,
    explained: Explained,
    *,
    cells: Mapping[str, Floats],
    words: tuple[Words, Words],
    keep: npt.NDArray[np.bool_],
) -> pa.ListArray:
    n = len(order)
    told = np.where(keep, cells["contribution"], 0.0).sum(axis=1)
    other = explained.parts.sum(axis=1) - told
    closing = np.column_stack([other, np.full(n, explained.base)])
    mask = np.hstack([keep, np.ones((n, 2), dtype=bool)])
    names = np.array(explained.columns, dtype=object)[order]
    nothing = np.full((n, 2), np.nan)
    said = {"en": ("all other features together", "where every customer starts")}
    said["zh"] = ("其他特征合计", "所有客户的起点")

    def flat(cells_: npt.NDArray[np.generic], ends: object) -> npt.NDArray[np.generic]:
        both = np.hstack([cells_, np.broadcast_to(np.asarray(ends), (n, 2))])
        return np.asarray(both[mask])

    fields = [
        pa.array(flat(names, np.array([OTHER, BASE], dtype=object)), pa.string()),
        pa.array(flat(cells["value"], nothing), pa.float64(), from_pandas=True),
        pa.array(flat(cells["usual"], nothing), pa.float64(), from_pandas=True),
        pa.array(flat(cells["contribution"], closing), pa.float64()),
        pa.array(flat(words[0], np.array(said["en"], dtype=object)), pa.string()),
        pa.array(flat(words[1], np.array(said["zh"], dtype=object)), pa.string()),
    ]
    structs = pa.StructArray.from_arrays(fields, fields=list(REASON))
    offsets = np.concatenate([[0], np.cumsum(mask.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs)
