"""Tests of cohorts and of who contacted whom."""

from __future__ import annotations

import pandas as pd

from features.facts.cohorts import build_cohorts
from features.facts.owners import build_owner_contacts
from tests.features.sqllog import at, open_log

PURCHASES = """
customer_id | occurred_at | amount | known_at
a | 2023-10-05 | 10 |
a | 2023-11-05 | 10 |
a | 2023-11-06 | -4 |
a | 2024-01-02 | 7 |
b | 2023-10-20 | 5 |
b | 2023-12-20 | 5 | 2024-01-20
c | 2023-10-01 | -5 |
c | 2023-11-01 | 8 |
"""
SUMS = ("n_contacts", "minutes", "cost")
CONTACTS = """
customer_id | occurred_at | type | direction | minutes | cost | owner_id | known_at
a | 2023-12-01 | call | outbound | 5 | 1 | eve |
a | 2023-12-02 | call | outbound | 7 | | eve |
a | 2023-12-03 | visit | | | 2 | |
a | 2023-12-04 | return | inbound | | | eve |
a | 2022-12-04 | call | outbound | 9 | | eve |
b | 2023-12-05 | call | outbound | 9 | | eve | 2024-02-01
"""


def test_a_cohort_is_followed_through_whole_periods_as_known_then() -> None:
    with open_log(transactions=PURCHASES) as log:
        unit, cells = build_cohorts(log, as_of=at("2024-01-10"))
    assert unit == "month"
    rows = {
        (f"{day:%Y-%m}", period): (n, spend)
        for day, period, n, spend in cells.itertuples(index=False)
    }
    assert rows == {
        ("2023-10", 0): (2, 15),
        ("2023-10", 1): (1, 6),
        ("2023-10", 2): (0, 0),
        ("2023-11", 0): (1, 8),
        ("2023-11", 1): (0, 0),
    }


def test_contacts_are_summed_by_customer_and_owner() -> None:
    with open_log(transactions=PURCHASES, interactions=CONTACTS) as log:
        contacts = build_owner_contacts(log, as_of=at("2024-01-10"))
    by_owner = contacts.set_index("owner_id")
    assert contacts["customer_id"].tolist() == ["a", "a"]
    assert [by_owner.loc["eve", name] for name in SUMS] == [2, 12, 1]
    unknown = contacts[contacts["owner_id"].isna()].iloc[0]
    assert unknown["n_contacts"] == 1
    assert pd.isna(unknown["minutes"])
