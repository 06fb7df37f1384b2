"""Tests of cursors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import CursorError
from serving.queries.cursor import Place, digest, read_cursor, write_cursor

TEXTS = st.text(st.characters(codec="utf-8"))
VALUES = st.none() | st.integers() | TEXTS | st.floats(allow_nan=False)
PLACES = st.builds(Place, TEXTS, TEXTS, VALUES, TEXTS)
SECRET = b"ours"


@given(PLACES)
def test_a_place_comes_back_to_the_last_bit(place: Place) -> None:
    assert read_cursor(write_cursor(place, secret=SECRET), secret=SECRET) == place


@given(PLACES, st.data())
def test_a_cursor_with_any_character_changed_is_refused(
    place: Place, data: st.DataObject
) -> None:
    text = write_cursor(place, secret=SECRET).rstrip("=")
    at = data.draw(st.integers(0, len(text) - 2))
    other = "A" if text[at] != "A" else "B"
    with pytest.raises(CursorError, match=r"not one of ours"):
        read_cursor(text[:at] + other + text[at + 1 :], secret=SECRET)


@given(st.text() | st.binary().map(lambda raw: raw.hex()))
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(CursorError, match=r"not one of ours"):
        read_cursor(text, secret=SECRET)


def test_another_store_cannot_read_it() -> None:
    cursor = write_cursor(Place("run", "all", 1.0, "a"), secret=b"theirs")
    with pytest.raises(CursorError, match=r"not one of ours"):
        read_cursor(cursor, secret=SECRET)


def test_a_digest_tells_questions_apart() -> None:
    assert digest(["a"], ["b"]) != digest(["a", "b"], [])
    assert digest(["a"], []) == digest(["a"], [])
