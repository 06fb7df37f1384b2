"""Figures as people read them, alike in English and in Chinese."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import cache, lru_cache

WHOLE_CURRENCIES = frozenset(
    {"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"}
)
"""Currencies without a minor unit (ISO 4217)."""

KEPT = 65_536
"""Figures whose text is kept: both languages write the same, and many customers."""


def minor_digits(currency: str | None) -> int:
    """Return how many decimals an amount in ``currency`` carries."""
    return 0 if currency in WHOLE_CURRENCIES else 2


def write_money(amount: float, currency: str | None) -> str:
    """Write an amount with its currency, where that is known.

    Examples
    --------
    >>> write_money(4210, "GBP"), write_money(-0.001, None), write_money(1500.6, "JPY")
    ('4,210.00 GBP', '0.00', '1,501 JPY')
    """
    return money_writer(currency)(amount)


def write_amounts(amounts: Iterable[float], currency: str | None) -> list[str]:
    """Write many amounts, as ``write_money`` writes one."""
    return list(map(money_writer(currency), amounts))


@cache
def money_writer(currency: str | None) -> Callable[[float], str]:
    """Return what writes an amount in ``currency``."""
    unit = f" {currency}".replace("{", "{{").replace("}", "}}") if currency else ""
    return f"{{:z,.{minor_digits(currency)}f}}{unit}".format


LEAST_DAYS = 14
"""A day by which somebody should have done something is no nearer than this."""


def next_quarter_end(as_of: datetime) -> date:
    """Return the last day of the quarter, or of the next where that is too near.

    Examples
    --------
    >>> [str(next_quarter_end(datetime(2011, 12, day))) for day in (10, 30)]
    ['2011-12-31', '2012-03-31']
    """
    day = as_of.date() + timedelta(days=LEAST_DAYS)
    month = (day.month - 1) // 3 * 3 + 4
    first = date(day.year + (month > 12), (month - 1) % 12 + 1, 1)
    return first - timedelta(days=1)


def write_day(day: date) -> tuple[str, str]:
    """Write a day in English and in Chinese.

    Examples
    --------
    >>> write_day(date(2012, 3, 31))
    ('31 March 2012', '2012年3月31日')
    """
    return f"{day.day} {day:%B %Y}", f"{day.year}年{day.month}月{day.day}日"


@lru_cache(maxsize=KEPT)
def write_number(value: float) -> str:
    """Write a number with as many digits as help: none past 10, two below 1.

    Examples
    --------
    >>> [write_number(v) for v in (0, 3, 2.5, 0.125, 74.3, 12345, -0.001)]
    ['0', '3', '2.5', '0.12', '74', '12,345', '0']
    """
    size = abs(value)
    digits = 0 if size >= 10 else 1 if size >= 1 else 2
    text = f"{value:z,.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


@lru_cache(maxsize=KEPT)
def write_share(share: float) -> str:
    """Write a share of 1 in percent.

    Examples
    --------
    >>> write_share(0.4251), write_share(0.004), write_share(1)
    ('43 %', '0.4 %', '100 %')
    """
    percent = 100 * share
    digits = 1 if 0 < abs(percent) < 1 else 0
    return f"{percent:z,.{digits}f} %"
