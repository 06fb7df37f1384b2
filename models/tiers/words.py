"""Say in English and in Chinese why a customer is in a class, and what is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from models.tiers.definition.scheme import Scheme
from models.words.figures import (
    minor_digits,
    next_quarter_end,
    write_day,
    write_money,
    write_number,
    write_share,
)

LABELS: Mapping[str, tuple[str, str]] = {
    "net_spend_365d": ("Spent {} in the last 365 days", "过去365天消费{}"),
    "net_spend_730d": ("Spent {} in the last 730 days", "过去730天消费{}"),
    "net_spend_ytd": ("Spent {} this year", "今年消费{}"),
    "gross_spend": ("Spent {} in all", "累计消费{}"),
    "expected_value": ("Expected to spend {}", "预计消费{}"),
    "n_orders_365d": ("Ordered {} times in the last 365 days", "过去365天下单{}次"),
    "mean_order_value": ("Orders of {} on average", "平均订单{}"),
    "margin_share_365d": ("A margin of {} in the last 365 days", "过去365天利润率{}"),
}
ADDITIVE = ("net_spend_365d", "net_spend_730d", "net_spend_ytd", "gross_spend")
"""Quantities that one more purchase raises by its amount."""


@dataclass(frozen=True, slots=True)
class Case:
    """One customer and one scheme.

    Parameters
    ----------
    tier : str
    quantity : float or None
    limits : tuple of float or None
        The customer's cuts, from the top down.
    told : mapping
        What is remembered beside the class; see ``Graded.moves``.
    order_value : float or None
        The mean order, for gaps in orders.
    """

    tier: str
    quantity: float | None = None
    limits: tuple[float | None, ...] = ()
    told: Mapping[str, str] | None = None
    order_value: float | None = None


def write_reason(scheme: Scheme, case: Case, *, currency: str | None) -> dict[str, str]:
    """Say why a customer is in its class, and what moved it.

    Examples
    --------
    >>> size = Scheme("size", "thresholds", ("A", "B"), quantity="net_spend_365d",
    ...               unit="money", limits=(100.0,))
    >>> write_reason(size, Case("A", 120.0, (100.0,)), currency="GBP")["en"]
    'Spent 120.00 GBP in the last 365 days: A is 100.00 GBP or more.'
    """
    remembered = case.told or {}
    en, zh = _by_terms(scheme, case, remembered.get("by_rule", case.tier), currency)
    moved = _moved(scheme, case, remembered)
    return {"en": f"{en}{moved[0]}", "zh": f"{zh}{moved[1]}"}


def _by_terms(
    scheme: Scheme, case: Case, by_rule: str, currency: str | None
) -> tuple[str, str]:
    place = scheme.classes.index(by_rule) if by_rule in scheme.classes else -1
    if scheme.quantity:
        return _by_quantity(scheme, case, place, currency)
    if scheme.kind == "rules" and 0 <= place < len(scheme.rules):
        rule = scheme.rules[place]
        return f"{by_rule}: {rule}.", f"{by_rule}：{rule}。"
    if scheme.kind in {"all_of", "any_of"}:
        word = " and " if scheme.kind == "all_of" else " or "
        rule = word.join(scheme.rules)
        if place == 0:
            return f"{by_rule}: {rule}.", f"{by_rule}：{rule}。"
        return f"{by_rule}: not ({rule}).", f"{by_rule}：不满足（{rule}）。"
    if scheme.kind == "matrix":
        pair = f"{scheme.rows} x {scheme.columns}"
        return f"{by_rule} by {pair}.", f"按{pair}为{by_rule}。"
    return f"{by_rule}: no rule above it holds.", f"{by_rule}：不满足更高等级的规则。"


def _by_quantity(
    scheme: Scheme, case: Case, place: int, currency: str | None
) -> tuple[str, str]:
    tier = scheme.classes[place]
    if case.quantity is None or math.isnan(case.quantity):
        return (
            f"{tier}: {scheme.quantity} is unknown.",
            f"{tier}：{scheme.quantity}未知。",
        )
    value = write_quantity(case.quantity, scheme.unit, currency)
    label = LABELS.get(scheme.quantity, (f"{scheme.quantity} is {{}}",) * 2)
    en, zh = label[0].format(value), label[1].format(value)
    limit = case.limits[place] if place < len(case.limits) else None
    if limit is not None and not math.isnan(limit):
        at = write_quantity(limit, scheme.unit, currency)
        return f"{en}: {tier} is {at} or more.", f"{zh}：{tier}为{at}及以上。"
    return f"{en}: {tier} is the rest.", f"{zh}：其余为{tier}。"


def _moved(
    scheme: Scheme, case: Case, remembered: Mapping[str, str]
) -> tuple[str, str]:
    cause, tier = remembered.get("cause", "rule"), case.tier
    since = ("", "")
    if "since" in remembered:
        day, before = remembered["since"], remembered.get("was", "?")
        since = (
            f" {tier} since {day}, before {before}.",
            f"自{day}起为{tier}，此前为{before}。",
        )
    if cause in {"growth", "failing"}:
        override = getattr(scheme, cause)
        lifted = date.fromisoformat(remembered["lifted"])
        until = lifted + timedelta(days=override.days)
        why = {
            "growth": ("growth potential", "成长潜力"),
            "failing": ("failing", "经营恶化"),
        }
        en, zh = why[cause]
        return (
            f" Put into {tier} for {en} ({override.when}) until {until}.",
            f"因{zh}（{override.when}）调整为{tier}，至{until}。",
        )
    words = {
        "band": (
            f" Stays {tier}: the limit is not passed by {scheme.hysteresis:.0%}.",
            f"保持{tier}：未超过界限{scheme.hysteresis:.0%}。",
        ),
        "stay": (
            f" Stays {tier}: not yet {scheme.min_stay_days} days since the last move.",
            f"保持{tier}：距上次调整不足{scheme.min_stay_days}天。",
        ),
        "manual": (f" Put into {tier} by hand.", f"人工调整为{tier}。"),
        "proposed": (
            " Another class is proposed and waits for approval.",
            "已提议调整，待审批。",
        ),
    }
    return words.get(cause, since)


def write_gap(
    scheme: Scheme, case: Case, *, as_of: datetime, currency: str | None
) -> dict[str, Any] | None:
    """Say what is missing to the next class up that anybody is in.

    Returns
    -------
    dict or None
        ``tier``, ``amount``, ``en``, ``zh``; None at the top, and where a class is not
        a matter of quantity.

    Examples
    --------
    >>> size = Scheme("size", "thresholds", ("A", "B"), quantity="net_spend_365d",
    ...               unit="money", limits=(100.0,))
    >>> case = Case("B", 40.0, (100.0,), order_value=30.0)
    >>> write_gap(size, case, as_of=datetime(2012, 1, 5), currency="GBP")["en"]
    '2 more orders or 60.00 GBP more by 31 March 2012 would make it A'
    """
    place = scheme.classes.index(case.tier)
    if case.quantity is None or math.isnan(case.quantity):
        return None
    for above in reversed(range(place)):
        limit = case.limits[above] if above < len(case.limits) else None
        if limit is None or math.isnan(limit) or limit <= case.quantity:
            continue
        return _gap(scheme, case, above, limit, as_of=as_of, currency=currency)
    return None


def _gap(
    scheme: Scheme,
    case: Case,
    above: int,
    limit: float,
    *,
    as_of: datetime,
    currency: str | None,
) -> dict[str, Any]:
    assert case.quantity is not None
    unit = 10 ** (minor_digits(currency) if scheme.unit == "money" else 0)
    unit = 1_000_000 if scheme.unit not in {"money", "orders"} else unit
    missing = math.ceil((limit - case.quantity) * unit - 1e-6) / unit
    tier = scheme.classes[above]
    by, by_zh = write_day(next_quarter_end(as_of))
    written = write_quantity(missing, scheme.unit, currency)
    en, zh = f"{written} more", f"再增加{written}"
    if scheme.unit == "orders":
        n = int(missing)
        en, zh = f"{n} more order{'s' if n > 1 else ''}", f"再下{n}单"
    elif scheme.quantity in ADDITIVE and case.order_value and case.order_value > 0:
        n = math.ceil(missing / case.order_value)
        en = f"{n} more order{'s' if n > 1 else ''} or {en}"
        zh = f"再下{n}单或{zh}"
    return {
        "tier": tier,
        "amount": missing,
        "en": f"{en} by {by} would make it {tier}",
        "zh": f"{by_zh}前{zh}即可成为{tier}",
    }


def write_quantity(value: float, unit: str, currency: str | None) -> str:
    """Write a quantity in its unit."""
    if unit == "money":
        return write_money(value, currency)
    return write_share(value) if unit == "share" else write_number(value)
