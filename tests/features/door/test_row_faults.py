"""What is told of many customers at once is what would be told of each alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from features.door.log_files import find_faulty, log_from_rows
from features.errors import TableError
from tests.features.sqllog import queries

NOW = datetime(2024, 3, 1, tzinfo=UTC)
GOOD = {"occurred_at": datetime(2024, 1, 5, tzinfo=UTC), "amount": 9.5}
PURCHASES: list[dict[str, Any]] = [
    GOOD,
    GOOD | {"currency": "EUR"},
    GOOD | {"currency": "usd"},
    GOOD | {"product_id": "fee", "currency": "GBP"},
    GOOD | {"product_id": "fee", "amount": 1e300},
    GOOD | {"occurred_at": NOW + timedelta(days=1)},
    GOOD | {"occurred_at": datetime(1960, 1, 1, tzinfo=UTC)},
    GOOD | {"amount": 1e13},
    GOOD | {"amount": "nine"},
    GOOD | {"color": "red"},
    {"occurred_at": GOOD["occurred_at"]},
    {"amount": 9.5},
]
CONTACTS: list[dict[str, Any]] = [
    {"occurred_at": GOOD["occurred_at"], "type": "call"},
    {"occurred_at": GOOD["occurred_at"], "type": "call", "minutes": -1e13},
    {"occurred_at": NOW + timedelta(days=1), "type": "call"},
    {"type": "call"},
]
CUSTOMERS: list[dict[str, Any]] = [
    {"joined_at": datetime(2024, 1, 1, tzinfo=UTC)},
    {"joined_at": datetime(2030, 1, 1, tzinfo=UTC)},
    {"joined_at": datetime(2024, 1, 1, tzinfo=UTC), "region": "north"},
]
STARTS = datetime(2024, 1, 1, tzinfo=UTC)
CONTRACTS: list[dict[str, Any]] = [
    {"starts_at": STARTS},
    {
        "starts_at": STARTS,
        "ends_at": datetime(2023, 1, 1, tzinfo=UTC),
    },
    {"starts_at": STARTS, "amount": -1.0, "currency": "EUR"},
    {"starts_at": STARTS, "currency": "USD"},
]
TABLES = ("transactions", "interactions", "customers", "subscriptions")
Rows = dict[str, list[dict[str, Any]]]
one_customer = st.fixed_dictionaries(
    {
        table: st.lists(st.sampled_from(rows), max_size=most)
        for table, rows, most in zip(
            TABLES,
            (PURCHASES, CONTACTS, CUSTOMERS, CONTRACTS),
            (4, 2, 1, 2),
            strict=True,
        )
    }
)


def fault_alone(rows: Rows) -> str | None:
    """Return what the door says of one customer's rows, None where they are good."""
    try:
        log_from_rows(**rows, now=NOW, not_products=("fee",)).close()
    except TableError as error:
        return str(error)
    return None


@queries
@given(customers=st.lists(one_customer, min_size=1, max_size=6))
def test_faults_of_many_are_those_of_each_alone(customers: list[Rows]) -> None:
    named = {
        f"c{number}": {
            table: [{**row, "customer_id": f"c{number}"} for row in rows]
            for table, rows in customer.items()
        }
        for number, customer in enumerate(customers)
    }
    tables = {
        table: {name: rows[table] for name, rows in named.items()} for table in TABLES
    }

    faults = find_faulty(tables, now=NOW, not_products=("fee",))

    alone = {name: fault_alone(rows) for name, rows in named.items()}
    expected = {name: fault for name, fault in alone.items() if fault is not None}
    assert {name: str(fault) for name, fault in faults.items()} == expected
