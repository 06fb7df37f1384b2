"""What SQL does to columns, in numpy, where numpy has no word of its own for it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from features.purchases.numpy.formulas.values import MOST_WHOLE
from features.purchases.numpy.grains.runs import DAY, SumError

Array = npt.NDArray[Any]


to_double = partial(np.asarray, dtype=np.float64)
"""Returns whole numbers as doubles."""


def null_if_equal(values: Any, other: Any) -> Any:
    """Return doubles, NaN where they are another value."""
    return np.where(values == other, np.nan, values)


def logarithm(values: Any) -> Any:
    """Return natural logarithms; of 0 and less only the query can tell."""
    if np.any(values <= 0):
        raise SumError("There is no logarithm of 0 or less.")
    return np.log(values)


def to_whole(values: Any) -> Any:
    """Return doubles that are whole numbers as such, 0 for NaN."""
    return np.nan_to_num(values).astype(np.int64)


def differ(values: Any, other: Any) -> Any:
    """Tell where two doubles differ; NaN differs from nothing."""
    return (values < other) | (values > other)


def to_day(instants: Any) -> Any:
    """Return the days of instants."""
    return instants // DAY


def checked_add(values: Any, other: Any) -> Any:
    """Add whole numbers that might be too large together."""
    _check(_largest(values) + _largest(other))
    return np.add(values, other)


def checked_subtract(values: Any, other: Any) -> Any:
    """Subtract whole numbers that might be too far apart."""
    _check(_largest(values) + _largest(other))
    return np.subtract(values, other)


def checked_multiply(values: Any, other: Any) -> Any:
    """Multiply whole numbers that might be too large together."""
    _check(_largest(values) * _largest(other))
    return np.multiply(values, other)


def _largest(values: Any) -> int:
    return int(np.abs(values).max(initial=0))


def _check(largest: int) -> None:
    if largest >= MOST_WHOLE:
        raise SumError("A number comes to more than 64 bits hold.")
