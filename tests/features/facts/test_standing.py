"""Tests of the facts that stand of a customer at an instant."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from features.door.log_files import Log
from features.facts.standing import build_standing, read_attributes
from features.facts.standing_columns import STANDING
from tests.features.sqllog import at, open_log

PURCHASES = """
customer_id | occurred_at | amount | cost | discount | category | channel | order_id
a | 2021-12-01 | 70 | | | toys | web | 1
a | 2022-12-01 | 30 | 10 | | toys | shop | 2
a | 2023-06-01 | 60 | 40 | 20 | toys | web | 3
a | 2024-01-05 | 30 | 10 | 10 | books | web | 4
a | 2024-01-06 | -10 | 2 | | books | web | 4
a | 2024-02-11 | 900 | 1 | | games | fair | 5
b | 2023-06-01 | 5 | | | | | 6
"""
CONTACTS = """
customer_id | occurred_at | type | direction | value |minutes|cost|owner_id|known_at
a | 2022-12-01 | call | outbound | | 99 | 9 | eve |
a | 2024-01-01 | Visit | | | 30 | 7 | amy |
a | 2024-01-11 | call | outbound | | 5 | | bob |
a | 2024-01-21 | call | inbound | | 3 | | |
a | 2024-01-22 | newsletter | outbound | | | | |
a | 2024-01-23 | return | inbound | | | | |
a | 2024-01-24 | csat | inbound | 2 | | | |
a | 2024-01-25 | csat | inbound | 4 | | | |
a | 2024-01-26 | csat | inbound | | | | |
a | 2024-02-01 | complaint | inbound | | | | |
a | 2024-02-05 | complaint_resolved | outbound | | | | | 2024-02-20
a | 2024-02-11 | nps | inbound | 9 | | | |
b | 2024-01-01 | complaint | inbound | | | | |
b | 2024-01-01 | resolution | | | | | |
d | 2022-01-01 | complaint | inbound | | | | |
"""


@pytest.fixture(scope="module")
def log() -> Log:
    return open_log(transactions=PURCHASES, interactions=CONTACTS)


def standing(log: Log, as_of: str) -> dict[str, dict[str, Any]]:
    ids = ["d", "a", "b", "c"]
    built = build_standing(log, pa.array(ids), as_of=at(as_of))
    assert built.schema.equals(STANDING)
    return dict(zip(ids, built.to_pylist(), strict=True))


def test_contacts_complaints_and_surveys_are_those_of_the_instant(log: Log) -> None:
    a = standing(log, "2024-02-10")["a"]
    assert {name: a[name] for name in STANDING.names[:12]} == {
        "n_contacts_365d": 4,
        "contact_minutes_365d": 38,
        "contact_cost_365d": 7,
        "days_since_last_contact": 19,
        "days_since_last_visit": 40,
        "n_complaints_365d": 1,
        "days_since_last_complaint": 9,
        "has_open_complaint": True,
        "n_referrals_365d": 0,
        "csat_last": 4,
        "nps_last": None,
        "contact_owner_id": "bob",
    }


def test_a_complaint_is_open_until_its_resolution_is_known(log: Log) -> None:
    assert standing(log, "2024-02-10")["a"]["has_open_complaint"]
    assert not standing(log, "2024-02-21")["a"]["has_open_complaint"]


def test_a_complaint_is_closed_by_a_resolution_or_by_a_year(log: Log) -> None:
    facts = standing(log, "2024-02-10")
    assert not facts["b"]["has_open_complaint"]
    assert not facts["d"]["has_open_complaint"]


def test_sums_of_a_year_keep_to_their_year(log: Log) -> None:
    a = standing(log, "2024-02-10")["a"]
    assert {name: a[name] for name in STANDING.names[12:]} == {
        "n_orders_prior_365d": 1,
        "net_spend_prior_365d": 30,
        "net_spend_ytd": 20,
        "net_spend_730d": 110,
        "margin_365d": 32,
        "margin_share_365d": 0.4,
        "discount_share_365d": 0.25,
        "top_category": "toys",
        "top_category_share_365d": pytest.approx(2 / 3),
        "top_channel": "web",
    }


def test_who_is_not_in_the_log_has_zeros_and_nulls(log: Log) -> None:
    c = standing(log, "2024-02-10")["c"]
    assert {value for value in c.values() if value is not None} == {0}
    assert c["days_since_last_contact"] is None


def test_later_rows_change_nothing(log: Log) -> None:
    early = PURCHASES.split("a | 2024-02-11")[0]
    with open_log(transactions=early, interactions=CONTACTS) as cut:
        assert standing(cut, "2024-02-10")["a"] == standing(log, "2024-02-10")["a"]


def test_attributes_come_in_the_order_asked_with_their_types() -> None:
    customers = """
    customer_id | joined_at  | region | strategic | consent_email | seats
    a | 2020-01-01 | East   | yes       | 0             | 20
    b |            |        |           | 1             |
    """
    with open_log(transactions=PURCHASES, customers=customers) as log:
        attributes = read_attributes(log, pa.array(["c", "b", "a"]))
    assert attributes.to_pylist()[1:] == [
        {
            "joined_at": None,
            "region": None,
            "strategic": None,
            "consent_email": True,
            "seats": None,
        },
        {
            "joined_at": at("2020-01-01"),
            "region": "East",
            "strategic": True,
            "consent_email": False,
            "seats": "20",
        },
    ]


def test_a_flag_that_says_more_than_yes_and_no_stays_text() -> None:
    customers = "customer_id | is_partner\na | yes\nb | perhaps"
    with open_log(transactions=PURCHASES, customers=customers) as log:
        attributes = read_attributes(log, pa.array(["b"]))
    assert attributes.to_pylist() == [{"is_partner": "perhaps"}]


def test_a_log_without_customers_has_no_attributes(log: Log) -> None:
    attributes = read_attributes(log, pa.array(["a"]))
    assert attributes.column_names == []
