"""What an attribute holds: numbers, dates, a few values, or nothing to learn from."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.suggest import fold

MAX_VALUES = 60
"""Values of a category that are levels of their own; the others share one."""

RARE_SHARE, MIN_CUSTOMERS_PER_VALUE = 0.001, 5
"""Share and number of customers that a value needs to be a level of its own."""

MIN_COVERED_SHARE = 0.5
"""Share of customers that the levels must cover for a text to be a category."""

MIN_PARSED_SHARE = 0.95
"""Share of texts that must be numbers, or dates, for the column to be one."""

ID_SHARE = 0.9
"""Distinct values per customer from which a text or a counter is an identifier."""

LONG_TEXT_CHARS = 60
"""Mean length from which a text is free text."""

CODES = "id uuid guid phone phonenumber mobile zip zipcode postcode postalcode ssn "
CODES += "email rownumber index unnamed0 latitude longitude 手机 电话 邮编 序号 编号"
CODE_NAMES = frozenset(CODES.split())

NUMBER = re.compile(r"[$€£¥\s]*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[%\s]*")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")


@dataclass(frozen=True, slots=True)
class Profile:
    """What kind of attribute a column is.

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
    """Decide what kind of attribute a column is.

    Parameters
    ----------
    name : str
    values : Series of shape (n_customers,)
        Numbers, or text; missing where unknown.

    Examples
    --------
    >>> profile_column("Contract", pd.Series(["Monthly", "Yearly"] * 20)).levels
    ('Monthly', 'Yearly')
    >>> profile_column("Surname", pd.Series([f"x{i}" for i in range(99)])).why_not
    'a value of its own for nearly every customer'
    """
    present = values.dropna()
    if not len(present):
        return Profile(name, why_not="empty")
    if len(present.unique()) == 1 and len(present) == len(values):
        return Profile(name, why_not="the same for every customer")
    if fold(name) in CODE_NAMES or name.lower().endswith((" id", "_id")):
        return Profile(name, why_not="an identifier or a place by its name")
    if pd.api.types.is_numeric_dtype(present):
        return _profile_number(name, present.to_numpy(dtype=np.float64))
    return _profile_text(name, present.astype(str), n=len(values))


def _profile_number(name: str, numbers: np.ndarray) -> Profile:
    counter = np.unique(numbers)
    steps = len(counter) >= ID_SHARE * len(numbers) and len(numbers) > 50
    if steps and bool(np.all(np.diff(counter) == 1)):
        return Profile(name, why_not="counts the rows")
    return Profile(name, "number")


def _profile_text(name: str, texts: pd.Series, *, n: int) -> Profile:
    for kind, form in (("number", NUMBER), ("date", DATE)):
        if texts.str.fullmatch(form).mean() >= MIN_PARSED_SHARE and texts.nunique() > 2:
            return Profile(name, kind)
    counts = texts.value_counts()
    if len(counts) >= ID_SHARE * len(texts) and len(texts) > 20:
        why = "a value of its own for nearly every customer"
        return Profile(name, why_not=why)
    if texts.str.len().mean() > LONG_TEXT_CHARS:
        return Profile(name, why_not="free text")
    common = counts[counts >= max(MIN_CUSTOMERS_PER_VALUE, RARE_SHARE * n)].head(
        MAX_VALUES
    )
    if common.sum() < MIN_COVERED_SHARE * len(texts):
        return Profile(name, why_not="too many values, each of few customers")
    order = sorted(common.items(), key=lambda item: (-int(item[1]), str(item[0])))
    return Profile(name, "category", levels=tuple(str(value) for value, _ in order))
