"""Look at a table of customers before a model of their attributes is planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from features.attributes.label import find_label, is_telling, read_label
from features.attributes.plan import Attribute, AttributePlan, write_query
from features.attributes.profile import Profile, profile_column
from features.attributes.sensitive import is_sensitive
from features.errors import ConfigError
from features.suggest import did_you_mean, fold
from features.types import Floats

if TYPE_CHECKING:
    from features.door.log import Log

AMOUNTS = (
    "monthlyamount monthlycharges monthlycharge monthlyfee monthlyfees monthlyprice "
    "monthlyrevenue monthlyspend monthlybill monthlypayment mrr arpu 月费 月租 月租费 "
    "月消费 月消费额 每月费用 月账单"
).split()
"""Usual names of a month's amount, folded."""

TENURES: Mapping[str, float] = {
    **dict.fromkeys(("tenuredays", "dayssincejoined", "在网天数"), 1.0),
    **dict.fromkeys(("tenureyears", "yearsasmember", "入网年数"), 365.0),
    **dict.fromkeys(
        "tenure tenuremonths tenureinmonths monthsonbook accountlength customertenure "
        "monthsasmember 在网时长 在网月数 入网月数".split(),
        365 / 12,
    ),
}
"""Usual names of the time as a customer, folded, and the days in its unit."""

JOINED = "joined_at"


@dataclass(frozen=True, slots=True)
class AttributeWish:
    """The user's settings for attributes.

    Parameters
    ----------
    label : str or None
        The attribute that says who churned; None to find it by its name.
    churned : tuple of str
        The values of it that mean churned; none to use the usual meaning of words.
    monthly_amount : str or None
        The attribute with a month's amount; None to find it by its name.
    sensitive : bool or tuple of str
        Whether sensitive attributes are used, or which.
    leave_out : tuple of str
        Attributes that are not used.
    """

    label: str | None = None
    churned: tuple[str, ...] = ()
    monthly_amount: str | None = None
    sensitive: bool | tuple[str, ...] = False
    leave_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttributeSurvey:
    """The customer table, and what each of its columns is.

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
    churned: Floats
    profiles: tuple[Profile, ...]
    sensitive: tuple[str, ...]
    amount: str | None
    tenure: str | None
    tenure_days: float


def survey_attributes(
    log: Log, wish: AttributeWish, *, as_of: datetime
) -> AttributeSurvey:
    """Find the label, and profile every other attribute.

    Raises
    ------
    ConfigError
        If a configured attribute does not exist, or the label is not understood.
    DataError
        If nobody churned, or everybody.
    """
    table: pd.DataFrame = log.con.execute("select * from customers").df()
    table = table.set_index("customer_id").sort_index()
    if JOINED in table:
        has_joined = table[JOINED].notna()
        days = (pd.Timestamp(as_of).tz_localize(None) - table[JOINED]).dt.days
        table = table.drop(columns=JOINED)
        if has_joined.any():
            table[JOINED] = days
    names = [str(name) for name in table]
    label = find_label([n for n in names if n != JOINED], wish.label)
    _check_names(wish, names)
    churned = read_label(table[label], name=label, churned=wish.churned)
    amount = wish.monthly_amount or _named(names, AMOUNTS)
    tenure = JOINED if JOINED in names else _named(names, tuple(TENURES))
    features = [name for name in names if name != label]
    return AttributeSurvey(
        table=table,
        label=label,
        churned=churned,
        profiles=tuple(_profile(table[name], name, wish) for name in features),
        sensitive=tuple(name for name in features if _is_sensitive(name, wish)),
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
        Attributes that leak the answer, with the evidence: they are left out.
    """
    leaks = suspects or {}
    profiles = [p for p in survey.profiles if p.kind and p.name not in leaks]
    out = [(p.name, leaks.get(p.name) or p.why_not) for p in survey.profiles]
    out.append((survey.label, "the label itself"))
    beside = {survey.amount, survey.tenure} - {p.name for p in profiles} - {None}
    extra = [Profile(str(name), "number") for name in sorted(map(str, beside))]
    attributes = tuple(
        Attribute(profile.name, profile.kind, profile.levels)
        for profile in (*profiles, *extra)
    )
    return AttributePlan(
        horizon_days=horizon_days,
        attributes=attributes,
        used=tuple(profile.name for profile in profiles),
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
    is_allowed = wish.sensitive is True or (
        not isinstance(wish.sensitive, bool) and name in wish.sensitive
    )
    if is_sensitive(name) and not is_allowed:
        return Profile(name, why_not="sensitive, and not asked for")
    if name == JOINED:
        return Profile(name, "date")
    return profile_column(name, values)


def _is_sensitive(name: str, wish: AttributeWish) -> bool:
    named = () if isinstance(wish.sensitive, bool) else wish.sensitive
    return is_sensitive(name) or name in named


def _named(names: Sequence[str], candidates: Iterable[str]) -> str | None:
    folded = {fold(name): name for name in reversed(names)}
    return next((folded[name] for name in candidates if name in folded), None)


def _check_names(wish: AttributeWish, names: Sequence[str]) -> None:
    """Refuse a setting that names no attribute."""
    sensitive = () if isinstance(wish.sensitive, bool) else wish.sensitive
    amount = () if wish.monthly_amount is None else (wish.monthly_amount,)
    settings = {
        "monthly_amount": amount,
        "sensitive": sensitive,
        "leave_out": wish.leave_out,
    }
    for key, configured in settings.items():
        for name in configured:
            if name not in names:
                raise ConfigError(
                    f"[model] {key} names {name!r}, which customers does not have.",
                    needed=f"One of {', '.join(names)}.",
                    todo=did_you_mean(name, names) or "Correct it.",
                )
