"""The JSON of a score is DuckDB's own, to the last byte: past runs are held to it."""

import math
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DataError
from models.score.schema import SCORE_SCHEMA
from serving.store.json.around_rank import join_halves, with_halves
from tests.serving.samples import score, scored, table_of

NUMBERS = [
    *(math.nan, 0.0, -0.0, 1.0, 74.0, 0.1, -1e-5, 1e-6, 1e-7, 1.5e-7, 5e-324),
    *(1e15, 1e16, 123456789012345680.0, 1e20, 1e21, 1e300, -1.7976931348623157e308),
]
SOUND = ["", "plain", "it's /fine/ <b>", "\x7f\x80\u2028", "上次下单在 74 天前", "😀é"]
AWKWARD = ['"', "\\", "a\nb\r\tc", "\x01\x08\x0c\x1f", 'é"\\n"😀\u2028\n']

numbers = st.none() | st.sampled_from(NUMBERS) | st.floats(allow_infinity=False)
sound = st.sampled_from(SOUND)
texts = (
    sound
    | st.sampled_from(AWKWARD)
    | st.text(st.characters(exclude_characters="\0", codec="utf-8"))
)


def reasons(words: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Draw a list of reasons, or none."""
    reason = st.fixed_dictionaries(
        dict.fromkeys(("value", "usual", "contribution"), numbers)
        | dict.fromkeys(("feature", "en", "zh"), st.none() | words)
    )
    return st.none() | st.lists(st.none() | reason, max_size=4)


def changes(words: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw what may differ between scores."""
    said = {"en": st.none() | words, "zh": words}
    gap = st.fixed_dictionaries({"tier": words, "amount": numbers, **said})
    return st.fixed_dictionaries(
        {
            "expected_value": numbers,
            "next_order_on": st.none() | st.dates(),
            "risk_band": st.none() | words,
            "tier_reason": st.none() | st.fixed_dictionaries(said),
            "gap_to_next_tier": st.none() | gap,
            "cluster": st.none() | st.integers(-(2**63), 2**63 - 1),
            "cluster_name": st.fixed_dictionaries(said),
            "score_basis_reason": words,
            "churn_reasons": reasons(words),
            "value_reasons": reasons(words),
        }
    )


def told_by_duckdb(rows: list[dict[str, Any]]) -> list[str]:
    """Return each score as DuckDB writes it whole."""
    table = table_of(_without_nan(rows))
    table = table.drop_columns("as_of").add_column(
        1, "as_of", pa.array([_instant(row) for row in rows], pa.string())
    )
    pairs = ", ".join(
        f"""'"{name}":' || {_value(name)}""" for name in table.column_names
    )
    with duckdb.connect(config={"threads": 1}) as con:
        con.register("scores", table)
        found = con.sql(f"SELECT '{{' || concat_ws(',', {pairs}) || '}}' FROM scores")
        return [text for (text,) in found.fetchall()]


def _value(name: str) -> str:
    return f"coalesce(CAST(to_json({name}) AS VARCHAR), 'null')"


def _instant(row: dict[str, Any]) -> str:
    return f"{row['as_of']:%Y-%m-%dT%H:%M:%SZ}"


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def written(table: pa.Table) -> list[str]:
    """Return each score as it is stored."""
    bodies: list[str] = join_halves(with_halves(table)).to_pylist()
    return bodies


def one_of_each() -> list[dict[str, Any]]:
    """Return scores with every awkward number and text, alone and in a list."""
    rows = []
    for place, number in enumerate(NUMBERS):
        text = (SOUND + AWKWARD)[place % len(SOUND + AWKWARD)]
        told = {"en": text, "zh": text}
        reason = {"feature": text, "value": number, "usual": None, **told}
        reason["contribution"] = -number
        rows.append(
            score(place, expected_value=number, tier_reason=told, score_basis=text)
            | {"churn_reasons": [reason, None, reason], "value_at_risk": -number}
        )
    return rows


def test_json_is_that_of_duckdb() -> None:
    assert written(table_of(one_of_each())) == told_by_duckdb(one_of_each())


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from([sound, texts]))
def test_json_of_any_score_is_that_of_duckdb(
    data: st.DataObject, words: st.SearchStrategy[str]
) -> None:
    drawn = data.draw(st.lists(changes(words), min_size=1, max_size=5))
    rows = [score(place, **each) for place, each in enumerate(drawn)]
    expected = told_by_duckdb(rows)
    assert written(table_of(rows)) == expected
    assert written(table_of(rows).slice(1)) == expected[1:]


def test_a_table_in_pieces_is_written_as_one() -> None:
    rows = one_of_each()
    pieces = pa.concat_tables([table_of(rows[:3]), table_of(rows[3:])])
    assert written(pieces) == written(table_of(rows))
    assert written(SCORE_SCHEMA.empty_table()) == []


def test_what_a_null_covers_is_not_looked_at() -> None:
    hidden = {
        "value_low": pa.array(np.array([math.inf, 1.0]), mask=np.array([True, False])),
        "risk_band": pa.Array.from_buffers(
            pa.string(),
            2,
            [
                pa.py_buffer(b"\x02"),
                pa.py_buffer(np.array([0, 1, 4], np.int32)),
                pa.py_buffer(b"\0low"),
            ],
        ),
    }
    table = scored(2)
    for name, values in hidden.items():
        place = table.column_names.index(name)
        table = table.set_column(place, SCORE_SCHEMA.field(name), values)
    rows = [score(0, value_low=None, risk_band=None)]
    rows.append(score(1, value_low=1.0, risk_band="low"))
    assert written(table) == told_by_duckdb(rows)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"value_at_risk": math.inf}, "value_at_risk holds an infinite number"),
        ({"tier_reason": {"en": "a\0", "zh": ""}}, "tier_reason holds a NUL character"),
        ({"customer_id": "\0"}, "customer_id holds a NUL character"),
    ],
)
def test_what_cannot_be_served_is_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(DataError, match=told):
        with_halves(scored(2, **wrong))
