"""Says what chosen features are to each of many customers, a feature at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from models.score.forecast import Explained
from models.words.reasons import ReasonTable
from models.words.sentences import LANGUAGES

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

ROWS_AS_MATRIX = 500
"""Frames up to here are sooner taken out whole than a column at a time."""


class _Columns(Mapping[str, Floats]):
    """The columns of a frame as numpy's, each taken out once."""

    def __init__(self, X: pd.DataFrame) -> None:
        self._X = X
        self._arrays: dict[str, Floats] = {}
        if len(X) <= ROWS_AS_MATRIX:
            matrix = X.to_numpy(dtype=np.float64)
            self._arrays = dict(zip(X.columns, matrix.T, strict=True))

    def __getitem__(self, name: str) -> Floats:
        if name not in self._arrays:
            self._arrays[name] = self._X[name].to_numpy(dtype=np.float64)
        return self._arrays[name]

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


class Speaker:
    """Puts features into words.

    Parameters
    ----------
    explained : Explained
    X : DataFrame of shape (n_customers, n_columns)
    figures : (ndarray, ndarray) of shape (n_customers, n_explained)
        What each customer has, and what is usual among its peers.
    table : ReasonTable
    currency : str or None
    """

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
        self,
        order: Rows,
        is_told: Bools,
        *,
        rows: Rows | None = None,
        languages: Sequence[str] = LANGUAGES,
    ) -> tuple[pa.StringArray, ...]:
        """Return the sentences of what is told, row after row, in each language.

        Parameters
        ----------
        order : ndarray of shape (n, width)
            Columns of what is explained.
        is_told : ndarray of shape (n, width)
        rows : ndarray of shape (n,) or None
            The customers, None for all.
        languages : sequence of str
        """
        at, _ = np.nonzero(is_told)
        customer = at if rows is None else rows[at]
        column = order[is_told]
        by_column = np.argsort(column, kind="stable")
        cuts = np.flatnonzero(np.diff(column[by_column])) + 1
        groups = np.split(by_column, cuts) if len(column) else []
        said = [
            self._say_feature(int(column[group[0]]), customer[group], languages)
            for group in groups
        ]
        place = np.empty(len(column), dtype=np.intp)
        place[by_column] = np.arange(len(column))
        nothing = pa.array([], pa.string())
        return tuple(
            pa.concat_arrays([nothing, *texts]).take(pa.array(place))
            for texts in (zip(*said, strict=True) if said else [()] * len(languages))
        )

    def _say_feature(
        self, column: int, where: Rows, languages: Sequence[str]
    ) -> tuple[pa.StringArray, ...]:
        return self._table.sentences(
            self._explained.columns[column],
            self._values[where, column],
            self._usual[where, column],
            contribution=self._explained.parts[where, column],
            currency=self._currency,
            context=_Slice(self._columns, where),
            languages=languages,
        )
