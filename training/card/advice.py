"""What a version does not know, and what would make the next one better."""

from __future__ import annotations

from collections.abc import Iterator

from features.purchases.readiness import (
    MIN_CUSTOMERS,
    MIN_HISTORY_DAYS,
    MIN_REPEAT_CUSTOMERS,
    Readiness,
)
from training.judge.holdout import Holdout
from training.origin import YEAR_DAYS

Text = dict[str, str]

SEASON_DAYS = YEAR_DAYS + 60
"""History that holds the same time of the year before, and something before that."""

MANY_CUSTOMERS = 1_000
"""Customers below which the figures of a holdout still move a good deal by chance."""

COLUMNS: dict[str, Text] = {
    "transactions.order_id": {
        "en": "orders of one instant would be told apart",
        "zh": "可区分同一时刻的订单",
    },
    "transactions.product_id": {
        "en": "how many products a customer buys, and which again",
        "zh": "可得知客户购买商品的广度和复购情况",
    },
    "transactions.category": {
        "en": "how many kinds of product a customer buys",
        "zh": "可得知客户购买品类的广度",
    },
    "transactions.quantity": {
        "en": "units bought and the price of each",
        "zh": "可得知购买数量和单价",
    },
    "transactions.discount": {
        "en": "how much is bought only at a discount",
        "zh": "可得知对折扣的依赖",
    },
    "transactions.cost": {"en": "the margin", "zh": "可得知毛利"},
    "transactions.channel": {"en": "the mix of channels", "zh": "可得知渠道构成"},
    "interactions": {
        "en": "contacts, returns and complaints, and what follows them",
        "zh": "可得知联系、退货和投诉及其后续",
    },
    "customers.joined_at": {
        "en": "the time from joining to the first purchase",
        "zh": "可得知从注册到首购的时间",
    },
}
"""What each column or table, where absent, would add to the features."""


UNJUDGED_IMPROVEMENTS: tuple[Text, ...] = (
    {
        "en": "A longer log of more customers: a model is trained once "
        "`regulars check` finds enough.",
        "zh": "更长、客户更多的日志：`regulars check` 认为足够时即训练模型。",
    },
)
"""What would improve a version that nothing could be judged on."""


def limit_of_unjudged(reason: str) -> Text:
    """Say that nothing was judged, and why."""
    return {
        "en": f"Nothing was judged on a later period: {reason}.",
        "zh": "没有可用于检验的后续时期，结果未经检验。",
    }


def write_improvements(holdout: Holdout, readiness: Readiness) -> list[Text]:
    """Say what would improve a version, what helps most first.

    Parameters
    ----------
    holdout : Holdout
    readiness : Readiness
        Of the same log.

    Returns
    -------
    list of dict
        ``en`` and ``zh``.
    """
    return [
        *_more_history(holdout, readiness),
        *_more_customers(readiness),
        *_more_columns(readiness),
    ]


def write_limits(
    holdout: Holdout, readiness: Readiness, *, horizon_days: int, label_days: int
) -> list[Text]:
    """Say what a version does not know.

    Parameters
    ----------
    holdout : Holdout
    readiness : Readiness
    horizon_days : int
        Length of the time that it foretells.
    label_days : int
        Length of the time that its training labels cover.
    """
    return [
        *_short_limits(
            holdout, readiness, horizon_days=horizon_days, label_days=label_days
        ),
        {
            "en": "Reasons say what goes together with staying away or spending. They "
            "do not say what causes it, nor what an offer would change.",
            "zh": "原因说明的是相关而非因果，也不说明优惠会带来什么改变。",
        },
        {
            "en": "It knows the log alone: no prices to come, no stock, no campaigns "
            "or competitors, and no customer before the first purchase.",
            "zh": "模型只了解日志：不知道未来价格、库存、活动、竞争对手，"
            "也不了解首购之前的客户。",
        },
        {
            "en": "A band is of one customer: the sum of many bands is not the band of "
            "their total.",
            "zh": "区间针对单个客户：多个区间之和并非合计值的区间。",
        },
        {
            "en": f"No model is made of fewer than {MIN_CUSTOMERS} customers, "
            f"{MIN_REPEAT_CUSTOMERS} with purchases on two days or more, and "
            f"{MIN_HISTORY_DAYS} days of history.",
            "zh": f"少于 {MIN_CUSTOMERS} 位客户、{MIN_REPEAT_CUSTOMERS} 位有两天及以上"
            f"购买的客户或 {MIN_HISTORY_DAYS} 天历史时不建模。",
        },
    ]


def _more_history(holdout: Holdout, readiness: Readiness) -> Iterator[Text]:
    days = readiness.facts["history_days"]
    needed = max(SEASON_DAYS, 2 * holdout.origin.horizon_days)
    if days < needed:
        yield {
            "en": f"A longer history: {days} days are there; from {needed} on, the "
            "season is learnt from the year before.",
            "zh": f"更长的历史：现有 {days} 天；"
            f"达到 {needed} 天后可从上一年学习季节性。",
        }
    elif days < needed + YEAR_DAYS:
        yield {
            "en": f"A longer history: with {needed + YEAR_DAYS} days in place of "
            f"{days}, a second year would confirm the season.",
            "zh": f"更长的历史：现有 {days} 天；"
            f"达到 {needed + YEAR_DAYS} 天后可由第二年验证季节性。",
        }


def _more_customers(readiness: Readiness) -> Iterator[Text]:
    n_customers = readiness.facts["customers"]
    if n_customers < MANY_CUSTOMERS:
        yield {
            "en": f"More customers: {n_customers:,} are there; below "
            f"{MANY_CUSTOMERS:,} figures still move by chance.",
            "zh": f"更多客户：现有 {n_customers:,} 位；少于 {MANY_CUSTOMERS:,} 位时"
            "指标仍有较大偶然波动。",
        }


def _more_columns(readiness: Readiness) -> Iterator[Text]:
    for name, worth in COLUMNS.items():
        if name in readiness.would_help:
            yield {"en": f"{name}: {worth['en']}.", "zh": f"{name}：{worth['zh']}。"}


def _short_limits(
    holdout: Holdout, readiness: Readiness, *, horizon_days: int, label_days: int
) -> Iterator[Text]:
    judged, days = holdout.origin.horizon_days, readiness.facts["history_days"]
    if judged < horizon_days:
        yield {
            "en": f"The history is short: it was judged {judged} days ahead, and what "
            f"it says of {horizon_days} days is extrapolated.",
            "zh": f"历史较短：仅在 {judged} 天内检验，{horizon_days} 天的预测为外推。",
        }
    if label_days < horizon_days:
        yield {
            "en": f"It learnt who buys from {label_days} days each, and how many buy "
            f"in {horizon_days} days from the level of the past.",
            "zh": f"模型以每段 {label_days} 天学习谁会购买，{horizon_days} 天内的总量"
            "由历史水平推得。",
        }
    if days < SEASON_DAYS:
        yield {
            "en": f"{days} days of history do not hold the same time of the year "
            "before: it knows no season.",
            "zh": f"{days} 天的历史不足完整一年：模型不了解季节性。",
        }
    share = readiness.facts["one_time_share"]
    if share is not None and share > 0.5:
        yield {
            "en": f"{share:.0%} of the customers bought on one day only: of them, "
            "little can be told apart.",
            "zh": f"{share:.0%} 的客户仅在一天内购买过：难以区分他们。",
        }
