"""The card of a model of regular amounts; as ``training.card`` where it can be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from features.door.fingerprint import fingerprint
from features.door.log import Log
from models.recurring.model import MixedModel
from training.card import describe_made, describe_tables
from training.drivers import rank_drivers
from training.mixed_holdout import MixedHoldout

LIMITS = [
    {
        "en": "Reasons say what goes together with leaving. They do not say what "
        "causes it, nor what an offer would change.",
        "zh": "原因说明的是相关而非因果，也不说明优惠会带来什么改变。",
    },
    {
        "en": "A band is of one customer: the sum of many bands is not the band of "
        "their total.",
        "zh": "区间针对单个客户：多个区间之和并非合计值的区间。",
    },
]
OF_LABELS = [
    {
        "en": "The label says who left, not when: attributes may have been written "
        "down after it. What knows the answer too well is left out, what knows it a "
        "little cannot be told.",
        "zh": "标签只说明谁流失，不说明何时：属性可能在流失后才记录。"
        "过于了解答案的属性已剔除，仅略有泄露的无法识别。",
    },
    {
        "en": "The probability is of the time that the label covers. The value takes "
        "it for the whole horizon.",
        "zh": "流失概率对应标签所覆盖的时间，价值计算将其视为整个预测期的概率。",
    },
]
OF_SUBSCRIPTIONS = [
    {
        "en": "It knows contracts, and interactions where they are given: no use, and "
        "no prices to come.",
        "zh": "模型只了解合同及（如提供）互动记录：不知道使用情况和未来价格。",
    },
    {
        "en": "An end that lies ahead is not looked at, also where it is agreed: a log "
        "tells of the past when contracts did end, not when that was known.",
        "zh": "未来的到期日一律不看，即使已约定："
        "日志记录的是合同何时结束，而非何时得知。",
    },
]


def write_mixed_card(
    log: Log,
    model: MixedModel,
    features: pd.DataFrame,
    *,
    as_of: datetime,
    holdout: MixedHoldout,
    snapshots: list[dict[str, Any]],
    facts: dict[str, Any],
    seed: int,
    more: dict[str, Any],
) -> dict[str, Any]:
    """Return the card, in JSON values."""
    limits = OF_LABELS if model.kind == "labels" else OF_SUBSCRIPTIONS
    return {
        "kind": model.kind,
        "as_of": as_of.isoformat(),
        "horizon_days": model.horizon_days,
        "n_customers": len(features),
        "n_features": len(model.plan.used),
        "features": list(model.plan.used),
        "windows_days": [],
        "fingerprint": fingerprint(log, as_of=as_of, attributes=model.kind == "labels"),
        "data": {
            "starts_at": log.starts_at.isoformat(),
            "ends_at": log.ends_at.isoformat(),
            "currency": log.currency,
            "tables": describe_tables(log),
            "facts": facts,
            "notes": list(more.get("warnings", [])),
        },
        "seed": seed,
        "snapshots": snapshots,
        "churn_blend": model.churn.blend_,
        "value_blend": {},
        "score_basis": model.basis.name,
        "score_basis_reason": model.basis.reason,
        "clusters": [
            {"id": c.id, "name": dict(c.name), "n_customers": c.n_customers}
            for c in model.clusters.clusters_
        ],
        "holdout": holdout.to_dict(),
        "grade": holdout.grade,
        "improvements": _improvements(model, holdout),
        "drivers": rank_drivers(model, features, seed=seed),
        "limits": [*limits, *LIMITS],
        "made": describe_made(),
        **more,
    }


def _improvements(model: MixedModel, holdout: MixedHoldout) -> list[dict[str, str]]:
    """Say what would make the next version better."""
    found = []
    if model.plan.amount is None:
        found.append(
            {
                "en": "A monthly amount ([model] monthly_amount): values and tiers "
                "would be in money.",
                "zh": "提供月费（[model] monthly_amount）：价值和等级将以金额表示。",
            }
        )
    if holdout.n_customers < 1_000:
        found.append(
            {
                "en": f"More customers: the figures are of {holdout.n_customers:,}, "
                "and move by chance.",
                "zh": f"更多客户：指标仅来自 {holdout.n_customers:,} 位客户，"
                "偶然波动较大。",
            }
        )
    if model.kind == "subscriptions" and not model.plan.windows:
        found.append(
            {
                "en": "Interactions with their dates: calls, complaints, tickets.",
                "zh": "带日期的互动记录：通话、投诉、工单。",
            }
        )
    if model.kind == "labels":
        found.append(
            {
                "en": "The contracts or purchases with their dates: what changed "
                "before a customer left tells more than what is.",
                "zh": "带日期的合同或购买记录：流失前的变化比现状更有信息。",
            }
        )
    return found
