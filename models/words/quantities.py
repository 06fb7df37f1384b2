"""How the quantity that tiers go by is told, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DAYS = 365

Pair = tuple[str, str]
"""What stands before and after an amount."""


@dataclass(frozen=True, slots=True)
class QuantityWords:
    """The words for one quantity, by language.

    Parameters
    ----------
    said : mapping of str to (str, str)
        What stands before and after the amount.
    below : mapping of str to (str, str)
        The same for an amount below 0, told without its sign.
    nothing : mapping of str to str
        Where it is 0.
    more : mapping of str to str
        What follows in English, and goes before in Chinese, what is missing.
    is_spend : bool
        Whether one more order brings its amount nearer: what is missing is then told in
        orders too, and with a day.
    """

    said: Mapping[str, Pair]
    below: Mapping[str, Pair]
    nothing: Mapping[str, str]
    more: Mapping[str, str]
    is_spend: bool = False


SPENT = QuantityWords(
    said={
        "en": ("Spent ", f" in the last {DAYS} days"),
        "zh": (f"过去{DAYS}天消费", ""),
    },
    below={
        "en": ("Returned ", f" more than was spent in the last {DAYS} days"),
        "zh": (f"过去{DAYS}天退货比消费多", ""),
    },
    nothing={
        "en": f"No net spend in the last {DAYS} days",
        "zh": f"过去{DAYS}天没有净消费",
    },
    more={"en": f" more in the last {DAYS} days", "zh": f"过去{DAYS}天再多消费"},
    is_spend=True,
)
"""Net spend in the last 365 days."""

YEARLY = QuantityWords(
    said={"en": ("Pays ", " a year"), "zh": ("每年支付", "")},
    below={"en": ("Pays ", " a year"), "zh": ("每年支付", "")},
    nothing={"en": "Pays nothing", "zh": "无付费"},
    more={"en": " more a year", "zh": "每年再多支付"},
)
"""Twelve months' amounts."""

NO_AMOUNT = QuantityWords(
    said=YEARLY.said,
    below=YEARLY.below,
    nothing={
        "en": "No amount is known, so nobody is above another",
        "zh": "未提供金额，因此不分高低",
    },
    more=YEARLY.more,
)
"""For a table without amounts."""
