"""The tiers of scheme ``abc``: who brings most of the money.

VIP are the top 1 % of customers by quantity; A are the others, highest first, who make
the first 70 % of the value together with the VIPs; B the next 20 %; C the rest. The
quantity is net spend in the last 365 days. Customers at or below 0 are always C.

Equal quantities get equal tiers. All who are tied at the cut of VIP are VIP; a
customer belongs to the first 70 % when those above it make less than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.score.schema import GAP, TEXT
from models.tiers.cuts import assign, find_abc_cuts
from models.tiers.definition.scheme import TIERS
from models.tiers.orders_missing import Orders, write_orders
from models.words.figures import (
    minor_digits,
    next_quarter_end,
    write_amounts,
    write_day,
    write_money,
)
from models.words.quantities import DAYS, SPENT, QuantityWords

Floats = npt.NDArray[np.float64]

SCHEME = "abc"


@dataclass(frozen=True, slots=True)
class TierShare:
    """What a tier holds: how many customers, and how much of the value.

    Parameters
    ----------
    n_customers : int
    value : float
        Sum of their quantities.
    customer_share, value_share : float
        Of all customers, and of the sum of all positive quantities.
    """

    n_customers: int
    value: float
    customer_share: float
    value_share: float


@dataclass(frozen=True, slots=True)
class TierCuts:
    """The least quantity of each tier, and what the tiers held when they were cut.

    Parameters
    ----------
    vip, a, b : float or None
        A quantity at or above it is in the tier, or in a higher one. A tier that nobody
        is in has the cut of the tier above it; None where no quantity is positive.
    shares : mapping of str to TierShare
    """

    vip: float | None
    a: float | None
    b: float | None
    shares: Mapping[str, TierShare]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"scheme": SCHEME, "days": DAYS, **asdict(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TierCuts:
        """Restore what ``to_dict`` gave."""
        shares = {tier: TierShare(**share) for tier, share in values["shares"].items()}
        return cls(vip=values["vip"], a=values["a"], b=values["b"], shares=shares)


def fit_tiers(quantity: npt.ArrayLike) -> TierCuts:
    """Find the cuts among all customers of a run.

    Parameters
    ----------
    quantity : array-like of shape (n_customers,)
        Net spend in the last 365 days; NaN counts as 0.

    Returns
    -------
    TierCuts

    Examples
    --------
    >>> cuts = fit_tiers([1000, 300, 300, 200, 100, 60, 40, -5, 0])
    >>> cuts.vip, cuts.a, cuts.b
    (1000.0, 300.0, 200.0)
    """
    values = _read(quantity)
    vip, a, b = find_abc_cuts(values)
    cuts = TierCuts(vip, a, b, shares={})
    tiers = assign_tiers(values, cuts)
    total = float(values[values > 0].sum())
    shares = {}
    for tier in TIERS:
        members = values[tiers == tier]
        value = float(members.sum())
        shares[tier] = TierShare(
            n_customers=len(members),
            value=value,
            customer_share=len(members) / max(len(values), 1),
            value_share=value / total if total else 0.0,
        )
    return TierCuts(cuts.vip, cuts.a, cuts.b, shares=shares)


def assign_tiers(quantity: npt.ArrayLike, cuts: TierCuts) -> npt.NDArray[np.str_]:
    """Return each customer's tier, as its quantity compares with the cuts."""
    codes = assign(_read(quantity), (cuts.vip, cuts.a, cuts.b))
    return np.array(TIERS)[codes]


def tier_reason(
    quantity: float, tier: str, cuts: TierCuts, currency: str | None
) -> dict[str, str]:
    """Say in English and in Chinese why a customer is in its tier.

    Examples
    --------
    >>> cuts = fit_tiers([4210, 800, 30])
    >>> tier_reason(800, "B", cuts, "GBP")["en"]
    'Spent 800.00 GBP in the last 365 days: among the customers who make the next 20 % \
of spend (800.00 GBP or more)'
    """
    rows = write_tier_reasons([quantity], np.array([tier]), cuts, currency=currency)
    return dict(rows[0].as_py())


def gap_to_next_tier(
    quantity: float, tier: str, cuts: TierCuts, currency: str | None
) -> dict[str, Any] | None:
    """Return what is missing to the next tier up that anybody is in.

    Returns
    -------
    dict or None
        ``tier``, ``amount`` (rounded up to the currency's smallest unit), ``en``,
        ``zh``; None for those at the top, and where nobody has spent.
    """
    row = write_gaps([quantity], np.array([tier]), cuts, currency=currency)[0].as_py()
    return None if row is None else dict(row)


def write_tier_reasons(
    quantity: npt.ArrayLike,
    tiers: npt.NDArray[np.str_],
    cuts: TierCuts,
    *,
    currency: str | None,
    words: QuantityWords = SPENT,
) -> pa.StructArray:
    """Write ``tier_reason`` for many customers, as a column of a score."""
    values = _read(quantity)
    kinds = np.where(
        values > 0, _places(tiers), np.where(values < 0, RETURNED, NOTHING)
    )
    spent = write_amounts(np.abs(values).tolist(), currency)
    wordings = _word_reasons(cuts, currency, words)
    en, zh = (_fill(wording, kinds, spent) for wording in wordings)
    return pa.StructArray.from_arrays([en, zh], fields=list(TEXT))


def write_gaps(
    quantity: npt.ArrayLike,
    tiers: npt.NDArray[np.str_],
    cuts: TierCuts,
    *,
    currency: str | None,
    words: QuantityWords = SPENT,
    orders: Orders | None = None,
) -> pa.StructArray:
    """Write ``gap_to_next_tier`` for many customers, as a column of a score.

    Parameters
    ----------
    orders : Orders or None
        With it, what is missing is told in orders too, and by a day.
    """
    ladder = (None, cuts.vip, cuts.a, cuts.b)
    above = ["" if cut is None else str(assign_tiers([cut], cuts)[0]) for cut in ladder]
    places = _places(tiers)
    unit = 10 ** minor_digits(currency)
    goal = np.array([np.nan if cut is None else cut for cut in ladder])[places]
    gap = np.maximum(np.ceil((goal - _read(quantity)) * unit - 1e-6), 1) / unit
    money = write_amounts(gap.tolist(), currency)
    span, (start, until) = words.more["en"], ("", words.more["zh"])
    if orders is not None:
        day, day_zh = write_day(next_quarter_end(orders.as_of))
        span, start, until = f" more by {day}", f"{day_zh}前", "再消费"
    more, more_zh = write_orders(gap, orders)
    ends = [f"{span} would make it {tier}" for tier in above]
    en = _fill([("", end) for end in ends], places, money)
    en = pc.binary_join_element_wise(more, en, "")
    ends = [f"即可成为{tier}" for tier in above]
    zh = _fill([(until, end) for end in ends], places, money)
    zh = pc.binary_join_element_wise(start, more_zh, zh, "")
    return pa.StructArray.from_arrays(
        [pa.array(above).take(pa.array(places)), pa.array(gap), en, zh],
        fields=list(GAP),
        mask=pa.array(np.isnan(gap)),
    )


Wording = tuple[str, str]
"""What stands before and after an amount."""

RETURNED, NOTHING = len(TIERS), len(TIERS) + 1
"""The wordings after those of the tiers."""


def _word_reasons(
    cuts: TierCuts, currency: str | None, words: QuantityWords
) -> tuple[list[Wording], list[Wording]]:
    """Return the wordings in English and in Chinese: of each tier, then the others."""
    vip, a, b = (
        "" if cut is None else write_money(cut, currency)
        for cut in (cuts.vip, cuts.a, cuts.b)
    )
    among = (
        f"the top 1 % of customers ({vip} or more)",
        f"the customers who make the first 70 % of spend ({a} or more)",
        f"the customers who make the next 20 % of spend ({b} or more)",
        f"the customers who make the last 10 % of spend (below {b})",
    )
    belong = (
        f"消费最高的1%客户（{vip}及以上）",
        f"贡献前70%消费额的客户（{a}及以上）",
        f"贡献其次20%消费额的客户（{b}及以上）",
        f"贡献最后10%消费额的客户（低于{b}）",
    )
    start, span = words.said["en"]
    en = [(start, f"{span}: among {who}") for who in among]
    start, span = words.said["zh"]
    zh = [(start, f"{span}：属于{who}") for who in belong]
    en += [words.below["en"], (words.nothing["en"], "")]
    zh += [words.below["zh"], (words.nothing["zh"], "")]
    return en, zh


def _places(tiers: npt.NDArray[np.str_]) -> npt.NDArray[np.intp]:
    """Return each tier's place from the top down."""
    return np.asarray(sum((tiers == tier) * i for i, tier in enumerate(TIERS)))


def _fill(
    wordings: list[Wording], kinds: npt.NDArray[np.intp], amounts: list[str]
) -> pa.Array:
    """Put each amount between the two halves of the wording of its kind."""
    place = pa.array(kinds)
    before, after = (
        pa.array(halves).take(place) for halves in zip(*wordings, strict=True)
    )
    written = pc.if_else(pc.equal(place, NOTHING), "", pa.array(amounts, pa.string()))
    return pc.binary_join_element_wise(before, written, after, "")


def _read(quantity: npt.ArrayLike) -> Floats:
    return np.nan_to_num(np.asarray(quantity, dtype=np.float64), nan=0.0)
