"""A customer that cannot be scored is told what is needed, and nothing it sent."""

import json

from features.errors import DataError
from serving.api.predictions import write_answer
from serving.errors import UnscorableError


def test_what_is_needed_is_told_in_the_error_s_own_words() -> None:
    fault = UnscorableError("No 'Bil'.", needed="The attributes.", todo="'Bill'?")
    answer = json.loads(write_answer(fault))
    assert answer["status"] == 422
    assert answer["error"]["detail"] == "The attributes."


def test_an_error_without_own_words_has_those_of_its_kind() -> None:
    for fault in (UnscorableError("Secret."), DataError("Secret.", needed="Secret.")):
        assert "Secret" not in write_answer(fault)
