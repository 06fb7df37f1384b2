"""Tests of the rows of a run."""

import json
from typing import Any

import pytest

from features.errors import DataError
from serving.store.rows import COLUMNS, ROWS_PER_INSERT, score_rows
from tests.serving.samples import scored


@pytest.mark.parametrize(
    "changes",
    [{"customer_id": "a\0b"}, {"tier_reason": {"en": "a\0", "zh": ""}}],
    ids=["plain", "nested"],
)
def test_nul_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"holds a NUL character"):
        list(score_rows(scored(1, **changes)))


def test_a_customer_twice_is_refused() -> None:
    with pytest.raises(DataError, match=r"two scores"):
        list(score_rows(scored(2, customer_id="same")))


def test_an_id_that_postgresql_cannot_index_is_refused() -> None:
    with pytest.raises(DataError, match=r"customer_id has 1025 bytes"):
        list(score_rows(scored(1, customer_id="x" * 1025)))


def test_rows_hold_the_stored_columns() -> None:
    (batch,) = score_rows(scored(2))
    row = dict(zip(COLUMNS, batch[1], strict=True))
    assert row["customer_id"] == "c00001"
    assert row["next_order_on"] == "2012-01-02"
    assert json.loads(row["body"])["customer_id"] == "c00001"


def test_rows_come_in_batches_and_in_order() -> None:
    batches = list(score_rows(scored(ROWS_PER_INSERT + 1)))
    assert [len(batch) for batch in batches] == [ROWS_PER_INSERT, 1]
    ids = [row[0] for batch in batches for row in batch]
    assert ids == sorted(ids)
