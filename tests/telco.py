"""A small version of a model of labels, for the tests that need one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from features.door.log_files import Log, log_from_rows
from tests.bench.telco import make_telco

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def open_telco(n: int, *, more: Mapping[str, Any] | None = None) -> Log:
    """Open a log of a telephone company's customers; ``more`` are columns on top."""
    table, _ = make_telco(n, seed=3)
    table = table.rename(columns={"customerID": "customer_id"}).assign(**(more or {}))
    rows = [
        {str(k): None if v == " " else v for k, v in row.items()}
        for row in table.to_dict("records")
    ]
    for row in rows:
        if row["TotalCharges"] is not None:
            row["TotalCharges"] = float(row["TotalCharges"])
    return log_from_rows(customers=rows, now=NOW)
