"""The reasons of many scores, as one column of lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from models.forecast import Explained
from models.reasons import ReasonTable
from models.scores import BASE, OTHER, REASON

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

MOST_REASONS = 3
CLOSING = (
    ("all other features together", "where every customer starts"),
    ("其他特征合计", "所有客户的起点"),
)
"""What is said of the closing rows, in English and in Chinese."""

CANDIDATES, TOGETHER = 8, 1024
"""Drivers looked at for each customer, as two may say one sentence; so many at once."""

FEW = 500
"""Sentences that are sooner written one by one than as columns."""


class _Columns(Mapping[str, Floats]):
    """The columns of a frame as numpy's, each taken out once."""

    def __init__(self, X: pd.DataFrame) -> None:
        self._X = X
        self._known: dict[str, Floats] = {}
        if len(X) <= FEW:
            matrix = X.to_numpy(dtype=np.float64)
            self._known = dict(zip(X.columns, matrix.T, strict=True))

    def __getitem__(self, name: str) -> Floats:
        if name not in self._known:
            self._known[name] = self._X[name].to_numpy(dtype=np.float64)
        return self._known[name]

    def figure(self, name: str, row: int) -> float | None:
        """Return the figure of one row, None if there is no such column."""
        return float(self[name][row]) if name in self._X.columns else None

    def __iter__(self) -> Iterator[str]:
        return iter(self._X.columns)

    def __len__(self) -> int:
        return self._X.shape[1]


class _Slice(Mapping[str, Floats]):
    """The columns of some rows, cut out only when a sentence names them."""

    def __init__(self, columns: _Columns, rows: Rows) -> None:
        self._columns, self._rows = columns, rows

    def __getitem__(self, name: str) -> Floats:
        return np.asarray(self._columns[name][self._rows])

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


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
    values = X[list(explained.columns)].to_numpy(dtype=np.float64)
    speaker = _Speaker(explained, X, (values, usual), table=table, currency=currency)
    order = _strongest(parts, raising_first=raising_first)
    chosen, told = order[:, :MOST_REASONS], np.ones((len(parts), MOST_REASONS), bool)
    told = told[:, : chosen.shape[1]]
    english = speaker.say("en", chosen, told)
    alike = np.flatnonzero(~_differ(english, chosen.shape).all(axis=1))
    if len(alike):
        more = order[alike]
        said = speaker.say("en", more, np.ones(more.shape, bool), rows=alike)
        keep = _first_few(_differ(said, more.shape))
        first = np.argsort(~keep, axis=1, kind="stable")[:, :MOST_REASONS]
        chosen[alike] = np.take_along_axis(more, first, axis=1)
        told[alike] = np.take_along_axis(keep, first, axis=1)
        again = speaker.say("en", chosen[alike], told[alike], rows=alike)
        english = _replace(english, again, alike, told=told)
    words = (english, speaker.say("zh", chosen, told))
    return _lists(chosen, explained, cells=(values, usual), words=words, told=told)


def _strongest(parts: Floats, *, raising_first: bool) -> Rows:
    """Return the columns of the largest contributions, the largest first."""
    width = min(CANDIDATES, parts.shape[1])
    cuts = range(TOGETHER, len(parts), TOGETHER)
    some = np.concatenate([_largest(rows, width) for rows in np.split(parts, cuts)])
    size = -np.abs(np.take_along_axis(parts, some, axis=1))
    order = np.take_along_axis(some, np.argsort(size, axis=1, kind="stable"), axis=1)
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


class _Speaker:
    """Says what chosen features are to each customer, a column at a time."""

    def __init__(
        self,
        explained: Explained,
        X: pd.DataFrame,
        figures: tuple[Floats, Floats],
        *,
        table: ReasonTable,
        currency: str | None,
    ) -> None:
        self._explained, self._columns = explained, _Columns(X)
        self._values, self._usual = figures
        self._table, self._currency = table, currency

    def say(
        self, language: str, order: Rows, told: Bools, *, rows: Rows | None = None
    ) -> pa.StringArray:
        """Return the sentences of what is told, row after row.

        Parameters
        ----------
        order : ndarray of shape (n, width)
            Columns of what is explained.
        told : ndarray of shape (n, width)
        rows : ndarray of shape (n,) or None
            The customers, None for all.
        """
        at, _ = np.nonzero(told)
        customer = at if rows is None else rows[at]
        column = order[told]
        if len(column) <= FEW:
            texts = self._say_few(customer.tolist(), column.tolist(), language)
            if texts is not None:
                return pa.array(texts, pa.string())
        by_column = np.argsort(column, kind="stable")
        cuts = np.flatnonzero(np.diff(column[by_column])) + 1
        groups = np.split(by_column, cuts) if len(column) else []
        said = [
            self._say_one(int(column[group[0]]), customer[group], language)
            for group in groups
        ]
        place = np.empty(len(column), dtype=np.intp)
        place[by_column] = np.arange(len(column))
        whole = pa.concat_arrays([pa.array([], pa.string()), *said])
        return whole.take(pa.array(place))

    def _say_few(
        self, customers: list[int], columns: list[int], language: str
    ) -> list[str] | None:
        """Write sentences one by one, None where the table writes columns only."""
        texts = []
        for row, column in zip(customers, columns, strict=True):
            own = {
                "value": float(self._values[row, column]),
                "usual": float(self._usual[row, column]),
                "direction": float(self._explained.parts[row, column]),
            }

            def find(
                name: str, own: dict[str, float] = own, row: int = row
            ) -> float | None:
                return own[name] if name in own else self._columns.figure(name, row)

            text = self._table.write(
                self._explained.columns[column], find, language, currency=self._currency
            )
            if text is None:
                return None
            texts.append(text)
        return texts

    def _say_one(self, column: int, where: Rows, language: str) -> pa.StringArray:
        (said,) = self._table.sentences(
            self._explained.columns[column],
            self._values[where, column],
            self._usual[where, column],
            contribution=self._explained.parts[where, column],
            currency=self._currency,
            context=_Slice(self._columns, where),
            languages=(language,),
        )
        return said


def _differ(said: pa.StringArray, shape: tuple[int, ...]) -> Bools:
    """Tell which sentences of each row were not said before in it."""
    codes = said.dictionary_encode().indices.to_numpy().reshape(shape)
    new = np.ones(shape, dtype=bool)
    for slot in range(1, shape[1]):
        for before in range(slot):
            new[:, slot] &= (codes[:, slot] != codes[:, before]) | ~new[:, before]
    return new


def _replace(
    said: pa.StringArray, again: pa.StringArray, rows: Rows, *, told: Bools
) -> pa.StringArray:
    """Take the sentences of some rows from those that were said again."""
    place = np.arange(told.size).reshape(told.shape)
    own = told[rows]
    place[rows] = len(said) + np.cumsum(own.ravel()).reshape(own.shape) - 1
    return pa.concat_arrays([said, again]).take(pa.array(place[told]))


def _first_few(new: Bools) -> Bools:
    return np.asarray(new & (np.cumsum(new, axis=1) <= MOST_REASONS))


def _lists(
    chosen: Rows,
    explained: Explained,
    *,
    cells: tuple[Floats, Floats],
    words: tuple[pa.StringArray, pa.StringArray],
    told: Bools,
) -> pa.ListArray:
    """Put together the drivers, what all others add, and the base."""
    n, rows = len(chosen), np.arange(len(chosen))[:, None]
    drivers = np.where(told, explained.parts[rows, chosen], 0.0)
    other = explained.parts.sum(axis=1) - drivers.sum(axis=1)
    mask = np.hstack([told, np.ones((n, 2), dtype=bool)])
    ends = np.array([len(explained.columns), len(explained.columns) + 1])
    nothing = np.full((n, 2), np.nan)
    closing = np.column_stack([other, np.full(n, explained.base)])

    def flat(inside: npt.NDArray[Any], closing: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.asarray(np.hstack([inside, np.broadcast_to(closing, (n, 2))])[mask])

    names = pa.array([*explained.columns, OTHER, BASE], pa.string())
    spoken = np.cumsum(told.ravel()).reshape(told.shape) - 1
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
