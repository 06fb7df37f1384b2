"""Tests of scores as JSON, by both writers: one for a few, one for a run."""

import json
import math
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DataError
from models.score.schema import SCORE_SCHEMA
from serving.store.json.by_row import score_bodies
from serving.store.rows import score_rows
from tests.serving.samples import score, scored, table_of

Writer = Callable[[pa.Table], list[str]]

REASON = score(0)["churn_reasons"][0]
NUMBERS = st.floats(allow_nan=True, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf-8"))


def run_bodies(table: pa.Table) -> list[str]:
    """Return what a run stores."""
    return [row[-1].decode() for batch in score_rows(table) for row in batch]


@pytest.fixture(params=[score_bodies, run_bodies], ids=["few", "run"])
def write(request: pytest.FixtureRequest) -> Writer:
    """Return one of the writers."""
    writer: Writer = request.param
    return writer


def one(write: Writer, **changes: Any) -> dict[str, Any]:
    """Return what is served of one score."""
    found: dict[str, Any] = json.loads(write(scored(1, **changes))[0])
    return found


def test_a_body_has_the_names_of_a_score_in_order(write: Writer) -> None:
    assert list(one(write)) == SCORE_SCHEMA.names


def test_a_body_has_the_values_of_the_score(write: Writer) -> None:
    served = one(write)
    plain = score(0)
    assert served.pop("as_of") == "2011-12-10T00:00:00Z"
    assert served.pop("next_order_on") == "2012-01-01"
    assert served == {name: plain[name] for name in served}


def test_nan_is_null_at_any_depth(write: Writer) -> None:
    served = one(
        write,
        expected_value=math.nan,
        churn_reasons=[{**REASON, "usual": math.nan}, REASON],
        gap_to_next_tier={"tier": "A", "amount": math.nan, "en": "", "zh": ""},
    )
    assert served["expected_value"] is None
    assert [reason["usual"] for reason in served["churn_reasons"]] == [None, 21.0]
    assert served["gap_to_next_tier"]["amount"] is None


def test_missing_and_empty_lists_stay_apart(write: Writer) -> None:
    rows = [
        score(0, value_reasons=None),
        score(1, value_reasons=[]),
        score(2, value_reasons=[REASON, REASON]),
        score(3, value_reasons=None),
        score(4, value_reasons=[{**REASON, "value": math.nan}]),
    ]
    served = [json.loads(text)["value_reasons"] for text in write(table_of(rows))]
    assert served == [None, [], [REASON] * 2, None, [{**REASON, "value": None}]]


def test_a_slice_of_a_table_is_written_as_in_the_whole(write: Writer) -> None:
    whole = scored(7)
    assert write(whole.slice(2, 3)) == write(whole)[2:5]


def test_infinity_is_refused(write: Writer) -> None:
    reasons = [{**REASON, "contribution": -math.inf}]
    with pytest.raises(DataError, match=r"holds an infinite number"):
        write(scored(1, churn_reasons=reasons))


def test_another_table_is_refused(write: Writer) -> None:
    with pytest.raises(DataError, match=r"has the columns customer_id\."):
        write(pa.table({"customer_id": ["a"]}))


def test_no_customers_are_no_bodies(write: Writer) -> None:
    assert write(scored(0)) == []


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(NUMBERS, TEXTS), min_size=1, max_size=30))
def test_both_writers_agree_to_the_last_bit(given: list[tuple[float, str]]) -> None:
    rows = [
        score(place, expected_value=number, tier_reason={"en": text, "zh": text})
        for place, (number, text) in enumerate(given)
    ]
    few, run = score_bodies(table_of(rows)), run_bodies(table_of(rows))
    assert [json.loads(text) for text in few] == [json.loads(text) for text in run]
    for (number, text), body in zip(given, run, strict=True):
        served = json.loads(body)
        assert served["tier_reason"]["en"] == text
        assert served["expected_value"] == (None if math.isnan(number) else number)
