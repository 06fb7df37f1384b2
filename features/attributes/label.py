"""The user's own label: which attribute it is, and whom it marks as churned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from features.errors import ConfigError, DataError
from features.suggest import did_you_mean, fold
from features.types import Floats

NAMES = (
    "churn churned churnlabel churnvalue churnflag ischurn ischurned churnstatus "
    "haschurned exited isexited attrition attritionflag attrited left hasleft "
    "cancelled canceled iscancelled iscanceled unsubscribed customerstatus 流失 "
    "是否流失 流失标签 流失状态 是否离网 离网 label target y"
).split()
"""Usual names of a label, folded, in order of preference."""

TELLING = ("churn", "attrit", "流失", "离网")
"""Parts of a name that give a label away."""

CHURNED = frozenset(
    "yes y true t 1 churn churned left leaver exited exit attrited attritedcustomer "
    "attrition cancelled canceled closed lost inactive unsubscribed terminated gone "
    "quit 是 流失 已流失 离网 已离网 注销".split()
)
STAYED = frozenset(
    "no n false f 0 stayed stay active existing existingcustomer retained current "
    "joined open notchurned nochurn loyal 否 未流失 在网 留存 活跃 正常".split()
)
"""What values mean, folded."""

MAX_VALUES_SHOWN = 6


def find_label(attributes: Sequence[str], configured: str | None) -> str:
    """Return the attribute that says who churned.

    Raises
    ------
    ConfigError
        If the configured one does not exist, or no attribute has a usual name.
    """
    if configured is not None:
        if configured in attributes:
            return configured
        raise ConfigError(
            f"[model] label is {configured!r}, and customers has no such attribute.",
            needed=f"One of {', '.join(attributes)}.",
            todo=did_you_mean(configured, attributes) or "Correct it.",
        )
    folded = {fold(name): name for name in reversed(attributes)}
    for name in NAMES:
        if name in folded:
            return folded[name]
    raise ConfigError(
        "No attribute of customers says by its name who churned: "
        f"{', '.join(attributes) or 'it has none'}.",
        needed="A column such as Churn, with Yes and No.",
        todo='Name it: [model] label = "..."',
    )


def is_telling(name: str) -> bool:
    """Tell whether a column is named after the answer.

    >>> is_telling("Churn Reason"), is_telling("Contract")
    (True, False)
    """
    return any(sign in name.lower() for sign in TELLING)


def read_label(values: pd.Series, *, name: str, churned: Iterable[str] = ()) -> Floats:
    """Return 1 for churned, 0 for stayed, NaN where there is no label.

    Parameters
    ----------
    values : Series of shape (n_customers,)
    name : str
        Of the attribute, for messages.
    churned : iterable of str
        Values that mean churned, all others then mean stayed; none to use the usual
        meaning of words.

    Raises
    ------
    ConfigError
        If a value is not understood, or one of ``churned`` does not occur.
    DataError
        If nobody churned, or nobody stayed.
    """
    texts = [None if pd.isna(value) else fold(_spell(value)) for value in values]
    distinct = sorted({text for text in texts if text is not None})
    meant = {fold(value) for value in churned}
    if absent := sorted(meant.difference(distinct)):
        raise ConfigError(
            f"[model] churned names {absent[0]!r}, which {name} never is.",
            needed=f"Of its values: {_list(distinct)}.",
            todo=did_you_mean(absent[0], distinct) or "Correct it.",
        )
    unknown = [] if meant else [t for t in distinct if t not in CHURNED | STAYED]
    if unknown:
        raise ConfigError(
            f"What {name} means by {_list(unknown)} is not known.",
            needed="Two values such as Yes and No, 1 and 0, churned and active.",
            todo='Say which mean churned: [model] churned = ["..."]',
        )
    yes = meant or CHURNED
    y = np.array([np.nan if t is None else float(t in yes) for t in texts])
    labelled = y[~np.isnan(y)]
    if not labelled.size or labelled.min() == labelled.max():
        raise DataError(
            f"By {name}, {'nobody' if not labelled.any() else 'everybody'} churned.",
            needed="Customers that churned, and customers that stayed.",
            todo='Bring both, or name another label: [model] label = "..."',
        )
    return y


def _spell(value: object) -> str:
    """Write 1.0 as 1, as a file has it."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _list(values: Sequence[str]) -> str:
    more = ", ..." if len(values) > MAX_VALUES_SHOWN else ""
    return ", ".join(repr(value) for value in values[:MAX_VALUES_SHOWN]) + more
