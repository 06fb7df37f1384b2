"""The feature table as numpy arrays and pandas frames."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa

from features.types import Floats

KEYS = ("customer_id", "as_of")

SMALL_FRAME_ROWS = 1_000
"""Up to so many rows, looking up columns by name costs more than reading them."""


def to_matrix(table: pa.Table, names: Sequence[str]) -> Floats:
    """Return the named columns as numbers, NaN where NULL.

    Parameters
    ----------
    table : Table of shape (n_rows, >=n_names)
        As ``build_features`` makes it.
    names : sequence of str
        The columns, in the order wanted.

    Returns
    -------
    ndarray of shape (n_rows, n_names)
    """
    X = np.empty((table.num_rows, len(names)), dtype=np.float64, order="F")
    for position, name in enumerate(names):
        column = table.column(name)
        if column.type != pa.float64():
            column = column.cast(pa.float64())
        X[:, position] = column.to_numpy(zero_copy_only=False)
    return X


def take_columns(X: pd.DataFrame, names: Iterable[str]) -> Floats:
    """Return the named columns of a frame of numbers, of shape (n_rows, n_names).

    The positions of the columns in frames of the same columns are cached for small
    frames.
    """
    if len(X) > SMALL_FRAME_ROWS:
        return X[list(names)].to_numpy(dtype=np.float64)
    places = _places(tuple(X.columns.to_numpy()), tuple(names))
    return X.to_numpy(dtype=np.float64)[:, places]


@lru_cache(maxsize=64)
def _places(columns: tuple[str, ...], names: tuple[str, ...]) -> np.ndarray:
    place = {name: at for at, name in enumerate(columns)}
    return np.array([place[name] for name in names], dtype=np.intp)


def to_frame(table: pa.Table, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the table indexed by ``customer_id`` and ``as_of``, NaN where NULL.

    Parameters
    ----------
    table : Table
        As ``build_features`` or ``build_labels`` makes it.
    names : sequence of str or None
        The columns wanted; None for all but the keys.

    Returns
    -------
    DataFrame of shape (n_rows, n_names)
    """
    wanted = list(names) if names is not None else _other_columns(table)
    frame = table.select([*KEYS, *wanted]).to_pandas()
    return cast(pd.DataFrame, frame.set_index(list(KEYS)))


def to_features(table: pa.Table) -> pd.DataFrame:
    """Return features of one ``as_of``, indexed by ``customer_id``, NaN where NULL."""
    frame = table.to_pandas()
    if frame.index.name != "customer_id":
        frame = frame.set_index("customer_id")
    return cast(pd.DataFrame, frame)


def _other_columns(table: pa.Table) -> list[str]:
    return [name for name in table.column_names if name not in KEYS]
