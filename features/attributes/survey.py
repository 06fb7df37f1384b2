"""Look at a table of customers before a model of their attributes is planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.attributes.label import find_label, is_telling, read_label
from features.attributes.plan import AttributePlan, make_attribute, write_query
from features.attributes.profile import Profile, profile_column
from features.attributes.sensitive import is_sensitive
from features.errors import ConfigError
from features.suggest import did_you_mean, fold

if TYPE_CHECKING:
    from features.door.log import Log

AMOUNTS = (
    "monthlyamount monthlycharges monthlycharge monthlyfee monthlyfees monthlyprice "
    "monthlyrevenue monthlyspend monthlybill monthlypayment mrr arpu 月费 月租 月租费 "
    "月消费 月消费额 每月费用 月账单"
).split()
"""What a month's amount is called, folded."""

TENURES: Mapping[str, float] = {
    **dict.fromkeys(("tenuredays", "dayssincejoined", "在网天数"), 1.0),
    **dict.fromkeys(("tenureyears", "yearsasmember", "入网年数"), 365.0),
    **dict.fromkeys(
        "tenure tenuremonths tenureinmonths monthsonbook accountlength customertenure "
        "monthsasmember 在网时长 在网月数 入网月数".split(),
        365 / 12,
    ),
}
"""What the time as a customer is called, folded, and the days in its unit."""

JOINED = "joined_at"


@dataclass(frozen=True, slots=True)
class AttributeWish:
    """What the user says of the attributes.

    Parameters
    ----------
    label : str or None
        The attribute that says who churned; None to find it by its name.
    churned : tuple of str
        The values of it that mean churned; none to go by what words usually mean.
    monthly_amount : str or None
        The attribute with a month's amount; None to find it by its name.
    sensitive : bool or tuple of str
        Whether sensitive attributes are used, or which.
    leave_out : tuple of str
        What is not to be used.
    """

    label: str | None = None
    churned: tuple[str, ...] = ()
    monthly_amount: str | None = None
    sensitive: bool | tuple[str, ...] = False
    leave_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttributeSurvey:
    """What the table holds.

    Parameters
    ----------
    table : DataFrame
        As it is, indexed by ``customer_id``, sorted.
    label : str
    churned : ndarray of shape (n_customers,)
        1, 0, or NaN where there is no label.
    profiles : tuple of Profile
        Of every attribute but the label.
    sensitive : tuple of str
        The sensitive attributes, used or not.
    amount, tenure : str or None
    tenure_days : float
        Days in the unit of the tenure.
    """

    table: pd.DataFrame
    label: str
    churned: npt.NDArray[np.float64]
    profiles: tuple[Profile, ...]
    sensitive: tuple[str, ...]
    amount: str | None
    tenure: str | None
    tenure_days: float


def survey_attributes(
    log: Log, wish: AttributeWish, *, as_of: datetime
) -> AttributeSurvey:
    """Find the label, and say of every other attribute what it is.

    Raises
    ------
    ConfigError
        If a named attribute is not there, or the label is not found or understood.
    DataError
        If nobody churned, or everybody.
    """
    table: pd.DataFrame = log.con.execute("select * from customers").df()
    table = table.set_index("customer_id").sort_index()
    if JOINED in table:
        known = table[JOINED].notna()
        days = (pd.Timestamp(as_of).tz_localize(None) - table[JOINED]).dt.days
        table = table.drop(columns=JOINED)
        if known.any():
            table[JOINED] = days
    names = [str(name) for name in table]
    label = find_label([n for n in names if n != JOINED], wish.label)
    _check_names(wish, names)
    churned = read_label(table[label], name=label, churned=wish.churned)
    amount = wish.monthly_amount or _named(names, AMOUNTS)
    tenure = JOINED if JOINED in names else _named(names, tuple(TENURES))
    rest = [name for name in names if name != label]
    return AttributeSurvey(
        table=table,
        label=label,
        churned=churned,
        profiles=tuple(_profile(table[name], name, wish) for name in rest),
        sensitive=tuple(name for name in rest if _is_sensitive(name, wish)),
        amount=amount,
        tenure=tenure,
        tenure_days=1.0 if tenure == JOINED else TENURES.get(fold(tenure or ""), 1.0),
    )


def plan_attributes(
    survey: AttributeSurvey,
    *,
    horizon_days: int,
    suspects: Mapping[str, str] | None = None,
) -> AttributePlan:
    """Choose what the model sees, and write the query.

    Parameters
    ----------
    survey : AttributeSurvey
    horizon_days : int
    suspects : mapping
        Attributes that know the answer, and what shows it: they are left out.
    """
    known = suspects or {}
    kept = [p for p in survey.profiles if p.kind and p.name not in known]
    out = [(p.name, known.get(p.name) or p.why_not) for p in survey.profiles]
    out.append((survey.label, "the label itself"))
    beside = {survey.amount, survey.tenure} - {p.name for p in kept} - {None}
    extra = [Profile(str(name), "number") for name in sorted(map(str, beside))]
    attributes = tuple(make_attribute(profile) for profile in (*kept, *extra))
    return AttributePlan(
        horizon_days=horizon_days,
        attributes=attributes,
        used=tuple(profile.name for profile in kept),
        left_out=tuple((name, why) for name, why in out if why),
        amount=survey.amount,
        tenure=survey.tenure,
        tenure_days=survey.tenure_days,
        sql=write_query(attributes),
    )


def _profile(values: pd.Series, name: str, wish: AttributeWish) -> Profile:
    if name in wish.leave_out:
        return Profile(name, why_not="left out by the config")
    if is_telling(name):
        return Profile(name, why_not="named after the answer")
    asked = wish.sensitive is True or (
        not isinstance(wish.sensitive, bool) and name in wish.sensitive
    )
    if is_sensitive(name) and not asked:
        return Profile(name, why_not="sensitive, and not asked for")
    if name == JOINED:
        return Profile(name, "date")
    return profile_column(name, values)


def _is_sensitive(name: str, wish: AttributeWish) -> bool:
    named = () if isinstance(wish.sensitive, bool) else wish.sensitive
    return is_sensitive(name) or name in named


def _named(names: Sequence[str], known: Iterable[str]) -> str | None:
    folded = {fold(name): name for name in reversed(names)}
    return next((folded[name] for name in known if name in folded), None)


def _check_names(wish: AttributeWish, names: Sequence[str]) -> None:
    """Refuse a setting that names no attribute."""
    sensitive = () if isinstance(wish.sensitive, bool) else wish.sensitive
    amount = () if wish.monthly_amount is None else (wish.monthly_amount,)
    asked = {
        "monthly_amount": amount,
        "sensitive": sensitive,
        "leave_out": wish.leave_out,
    }
    for key, given in asked.items():
        for name in given:
            if name not in names:
                raise ConfigError(
                    f"[model] {key} names {name!r}, which customers does not have.",
                    needed=f"One of {', '.join(names)}.",
                    todo=did_you_mean(name, names) or "Correct it.",
                )
