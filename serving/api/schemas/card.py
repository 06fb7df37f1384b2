"""The model card, as the API's document shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from serving.api.schemas.scores import RUN_EXAMPLE, Shown

CARD_EXAMPLE: dict[str, Any] = {
    "version": "3",
    "as_of": "2011-12-10T00:00:00+00:00",
    "horizon_days": 90,
    "n_customers": 5852,
    "n_features": 157,
    "fingerprint": "c8a2b.1b8b985a8b8e7927-b1f.80ee24c895f0f896",
    "data": {
        "starts_at": "2009-12-01T07:45:00+00:00",
        "ends_at": "2011-12-10T00:00:00+00:00",
        "currency": "GBP",
        "tables": {
            "transactions": {
                "rows_in": 1067371,
                "rows_accepted": 824364,
                "rejected": {"missing_customer_id": 243007},
                "columns": ["customer_id", "occurred_at", "amount"],
            }
        },
        "facts": {"customers": 5852, "orders": 36969, "history_days": 739},
        "notes": [],
    },
    "snapshots": [
        {
            "as_of": "2011-11-17T00:00:00+00:00",
            "horizon_days": 23,
            "n_customers": 5710,
            "churn_rate": 0.81,
        }
    ],
    "score_basis": "blend",
    "score_basis_reason": "LightGBM, a logistic regression on ranks and BG/NBD",
    "holdout": {
        "as_of": "2011-09-11T00:00:00+00:00",
        "horizon_days": 90,
        "n_customers": 5318,
        "churn_rate": 0.6,
        "churn": {"model": {"auc": 0.82, "ece": 0.02}, "bgnbd": {"auc": 0.81}},
        "value": {"model": {"gini": 0.88, "total_error": -0.06, "coverage": 0.9}},
        "reliability": [{"n": 532, "expected": 0.08, "actual": 0.07}],
        "value_deciles": [{"n": 532, "expected": 3912.5, "actual": 4105.1}],
        "slices": {
            "lifecycle_stage": {
                "one_time": {"n_customers": 1480, "churn_rate": 0.86, "auc": 0.66}
            }
        },
        "passed": ["churn", "value"],
        "grade": "A",
        "grade_in_words": {
            "en": "clearly better than the simple methods: use the lists as they are",
            "zh": "明显优于简单方法：名单可直接使用",
        },
    },
    "grade": "A",
    "improvements": [
        {
            "en": "transactions.category: how many kinds of product a customer buys.",
            "zh": "transactions.category：可得知客户购买品类的广度。",
        }
    ],
    "drivers": {
        "churn": [{"feature": "overdue_ratio", "mean_contribution": 0.043}],
        "value": [{"feature": "net_spend_365d", "mean_contribution": 61.2}],
    },
    "limits": [
        {
            "en": "Reasons say what goes together with staying away or spending. They "
            "do not say what causes it, nor what an offer would change.",
            "zh": "原因说明的是相关而非因果，也不说明优惠会带来什么改变。",
        }
    ],
}


class ModelCard(Shown):
    """The published run and the card of the model that made it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**RUN_EXAMPLE, "card": CARD_EXAMPLE}]}
    )

    run_id: str
    as_of: datetime
    model_version: str
    card: dict[str, Any] = Field(
        description="Data, snapshots, holdout with baselines, reliability, value "
        "deciles and slices, grade in words, improvements, drivers and limits. A "
        "model trained by an older program lacks some."
    )
