"""Rows that are kept apart by customers while they wait."""

import tempfile
from pathlib import Path

import pyarrow as pa
import pytest

from features.purchases.numpy.reading.parts import kept_apart

ROWS = [
    {"customer_no": 5, "amount": 1.0, "cost": None, "is_inbound": True},
    {"customer_no": 0, "amount": 2.0, "cost": 0.5, "is_inbound": False},
    {"customer_no": 4, "amount": 3.0, "cost": 0.25, "is_inbound": True},
    {"customer_no": 1, "amount": 4.0, "cost": None, "is_inbound": False},
    {"customer_no": 5, "amount": 5.0, "cost": 7.0, "is_inbound": False},
    {"customer_no": 0, "amount": 6.0, "cost": None, "is_inbound": True},
]
SCHEMA = pa.schema(
    {
        "customer_no": pa.int32(),
        "amount": pa.float64(),
        "cost": pa.float64(),
        "is_inbound": pa.bool_(),
    }
)


def read_by(n: int) -> pa.RecordBatchReader:
    """Return a reader of the rows, n at a time."""
    batches = pa.Table.from_pylist(ROWS, SCHEMA).to_batches(n)
    return pa.RecordBatchReader.from_batches(SCHEMA, batches)


@pytest.mark.parametrize("n", [1, 4, 6])
def test_each_part_has_the_rows_of_its_customers_in_their_order(n: int) -> None:
    with kept_apart(read_by(n), size=2, n_parts=4) as parts:
        tables = [parts.take(place) for place in range(4)]

    assert [table.to_pylist() for table in tables] == [
        [ROWS[1], ROWS[3], ROWS[5]],
        [],
        [ROWS[0], ROWS[2], ROWS[4]],
        [],
    ]
    assert all(table.schema == SCHEMA for table in tables)


def test_rows_wait_in_files_that_no_process_can_leave_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with kept_apart(read_by(2), size=3, n_parts=2) as parts:
        assert not list(tmp_path.iterdir())
        assert parts.take(1).num_rows == 3
