"""What an attribute holds: numbers, dates, a few values, or nothing to learn from."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.suggest import fold

MOST_VALUES = 60
"""Values of a category that are told apart; the others are one."""

RARE_SHARE, FEWEST = 0.001, 5
"""A value is told apart if so many of the customers have it, and so many at least."""

COVERED = 0.5
"""Share of customers whose value is told apart, below which a text says too little."""

AS_NUMBER = 0.95
"""Share of texts that are numbers, or dates, for all of them to be taken so."""

ID_SHARE = 0.9
"""Distinct values a customer, from which a text or a counter is an identifier."""

LONG_TEXT = 60

CODES = "id uuid guid phone phonenumber mobile zip zipcode postcode postalcode ssn "
CODES += "email rownumber index unnamed0 latitude longitude 手机 电话 邮编 序号 编号"
CODE_NAMES = frozenset(CODES.split())

NUMBER = re.compile(r"[$€£¥\s]*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[%\s]*")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")


@dataclass(frozen=True, slots=True)
class Profile:
    """What a column is.

    Parameters
    ----------
    name : str
    kind : str
        ``number``, ``date``, ``category``; nothing where it is left out.
    why_not : str
        Why it is left out.
    levels : tuple of str
        Values of a category, the most common first.
    """

    name: str
    kind: str = ""
    why_not: str = ""
    levels: tuple[str, ...] = ()


def profile_column(name: str, values: pd.Series) -> Profile:
    """Look at a column.

    Parameters
    ----------
    name : str
    values : Series of shape (n_customers,)
        Numbers, or text; missing where not known.

    Examples
    --------
    >>> profile_column("Contract", pd.Series(["Monthly", "Yearly"] * 20)).levels
    ('Monthly', 'Yearly')
    >>> profile_column("Surname", pd.Series([f"x{i}" for i in range(99)])).why_not
    'a value of its own for nearly every customer'
    """
    known = values.dropna()
    if not len(known):
        return Profile(name, why_not="empty")
    if len(known.unique()) == 1 and len(known) == len(values):
        return Profile(name, why_not="the same for every customer")
    if fold(name) in CODE_NAMES or name.lower().endswith((" id", "_id")):
        return Profile(name, why_not="an identifier or a place by its name")
    if pd.api.types.is_numeric_dtype(known):
        return _profile_number(name, known.to_numpy(dtype=np.float64))
    return _profile_text(name, known.astype(str), n=len(values))


def _profile_number(name: str, known: np.ndarray) -> Profile:
    counter = np.unique(known)
    steps = len(counter) >= ID_SHARE * len(known) and len(known) > 50
    if steps and bool(np.all(np.diff(counter) == 1)):
        return Profile(name, why_not="counts the rows")
    return Profile(name, "number")


def _profile_text(name: str, known: pd.Series, *, n: int) -> Profile:
    for kind, form in (("number", NUMBER), ("date", DATE)):
        if known.str.fullmatch(form).mean() >= AS_NUMBER and known.nunique() > 2:
            return Profile(name, kind)
    counts = known.value_counts()
    if len(counts) >= ID_SHARE * len(known) and len(known) > 20:
        why = "a value of its own for nearly every customer"
        return Profile(name, why_not=why)
    if known.str.len().mean() > LONG_TEXT:
        return Profile(name, why_not="free text")
    common = counts[counts >= max(FEWEST, RARE_SHARE * n)].head(MOST_VALUES)
    if common.sum() < COVERED * len(known):
        return Profile(name, why_not="too many values, each of few customers")
    order = sorted(common.items(), key=lambda item: (-int(item[1]), str(item[0])))
    return Profile(name, "category", levels=tuple(str(value) for value, _ in order))
