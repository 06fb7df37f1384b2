"""Tests that a rule written again is the same rule."""

from __future__ import annotations

import pytest

from models.rules import RuleType, parse_rule
from models.rules.words import split_rule, to_text

COLUMNS = {
    "x": RuleType.NUMBER,
    "Cost Centre": RuleType.TEXT,
    "s": RuleType.TEXT,
    "b": RuleType.BOOLEAN,
    "d": RuleType.DATE,
    "i": RuleType.INSTANT,
}


@pytest.mark.parametrize(
    "written",
    [
        "x > 0.5 and s in ('A', 'it''s') or not (b and x is null)",
        "x - (1 - x) > 2 * (x + 1) / 3",
        "-x < 1e-15 and abs(x) <> 1e15",
        "(x > 1) is not true and (x > 1) is false",
        "s like 'a%\\_!_' and s not like '\\\\b!%\\%'",
        '"Cost Centre" = \'a"b\'',
        "x between 1 and least(2, x + 1)",
        "d >= date '2011-12-09' and i < timestamp '2011-12-09T12:50:00Z'",
        "lower(coalesce(s, 'x')) not between 'a' and 'b'",
        "b <> (x > 1)",
        "true",
    ],
)
def test_a_rule_written_again_is_the_same(written: str) -> None:
    rule = parse_rule(written, COLUMNS)
    again = parse_rule(to_text(rule.tree), COLUMNS)
    assert again.tree == rule.tree


def test_the_parts_of_a_rule_all_have_to_hold() -> None:
    rule = parse_rule("x > 1 and (b and (s = 'a' or x < 0)) and not b", COLUMNS)
    parts = split_rule(rule)
    assert [part.text for part in parts] == [
        "x > 1",
        "b",
        "(s = 'a') or (x < 0)",
        "not b",
    ]
    assert parts[2].columns == {"s", "x"}
