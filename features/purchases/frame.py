"""The feature table as numpy arrays and pandas frames."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa

from features.errors import DataError
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


def join_labels(features: pa.Table, labels: pa.Table) -> pa.Table:
    """Put each label beside the features of its customer and ``as_of``.

    Parameters
    ----------
    features : Table
        As ``build_features`` makes it.
    labels : Table
        As ``build_labels`` makes it, with one horizon an ``as_of`` or several.

    Returns
    -------
    Table of n_labels rows
        In the labels' order: the feature table's columns, then the labels'.

    Raises
    ------
    DataError
        If a label has no features.
    """
    rows = _index(features).get_indexer(_index(labels))
    n_lost = int((rows < 0).sum())
    if n_lost:
        raise DataError(
            f"{n_lost} of {labels.num_rows} labels have no features.",
            needed="Each as_of that is labelled must be among the features.",
            todo="Build the features for every as_of of the label windows.",
        )
    joined = features.take(pa.array(rows))
    for name in _other_columns(labels):
        joined = joined.append_column(name, labels.column(name))
    return joined


def _other_columns(table: pa.Table) -> list[str]:
    return [name for name in table.column_names if name not in KEYS]


def _index(table: pa.Table) -> pd.MultiIndex:
    keys = table.select(list(KEYS)).to_pandas()
    return pd.MultiIndex.from_frame(keys)
