"""Texts in English and in Chinese, and the words that the reports share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A text in two languages.

    >>> str(Text("Customers", "客户数"))
    'Customers 客户数'
    """

    en: str
    zh: str

    def __str__(self) -> str:
        return self.en if self.en == self.zh else f"{self.en} {self.zh}"


CUSTOMERS = Text("Customers", "客户数")
CUSTOMER_SHARE = Text("Share of customers", "客户占比")
REVENUE = Text("Net revenue, 365 days", "近365天净收入")
REVENUE_SHARE = Text("Share of net revenue", "净收入占比")
EXPECTED = Text("Expected value", "预期价值")
EXPECTED_SHARE = Text("Share of expected value", "预期价值占比")
AT_RISK = Text("Value at risk", "风险价值")
CHURN = Text("Mean churn probability", "平均流失概率")
TIER = Text("Tier", "等级")
STAGE = Text("Lifecycle stage", "生命周期阶段")
ALL = Text("All", "合计")

STAGES = {
    "new": Text("new", "新客户"),
    "one_time": Text("one-time", "一次性客户"),
    "repeat": Text("repeat", "复购客户"),
    "loyal": Text("loyal", "忠诚客户"),
    "slipping": Text("slipping", "渐失客户"),
    "dormant": Text("dormant", "沉睡客户"),
    "lost": Text("lost", "流失客户"),
}
"""The stages of ``models.purchases.lifecycle``, from the first purchase on."""

TITLES = {
    "abc": Text("ABC: who makes the revenue", "ABC分析：谁贡献了收入"),
    "tiers": Text("Tiers: the key figures", "等级关键指标"),
    "effort": Text("Effort against value", "投入与价值"),
    "lifecycle": Text("Lifecycle and transitions", "生命周期与迁移"),
    "satisfaction": Text("Satisfaction", "满意度"),
    "cohorts": Text("Cohort retention", "同期群留存"),
    "relationship": Text("Relationship level", "关系等级"),
}
"""The reports by name, in the order they are listed."""
