"""Tests of classes by scheme."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ConfigError
from models.tiers import (
    Scheme,
    grade,
    make_scheme,
    read_presets,
    read_schemes,
)
from models.tiers.abc import assign_tiers, fit_tiers
from models.tiers.cuts import assign, find_cuts
from models.tiers.words import Case, write_gap, write_reason
from tests.models.tiers.runs import (
    AS_OF,
    SIZE,
    classes,
    facts,
    quick,
)

amounts = st.lists(
    st.sampled_from([-5.0, 0.0, 1.0, 2.5, 10.0, 10.0, 99.0]) | st.floats(-1e6, 1e6),
    min_size=1,
    max_size=30,
)
kinds = st.sampled_from(
    [
        ("share", (0.5, 0.8)),
        ("top", (1.0, 3.0)),
        ("top_percent", (1.0, 40.0)),
        ("quantiles", (0.9, 0.3)),
        ("average", (20.0, -20.0)),
        ("thresholds", (10.0, 1.0)),
    ]
)


@quick
@given(amounts, kinds)
def test_a_class_never_falls_as_the_quantity_rises(
    x: list[float], kind: tuple[str, tuple[float, ...]]
) -> None:
    scheme = replace(SIZE, kind=kind[0], limits=kind[1])
    values = np.array(x)
    codes = assign(values, find_cuts(scheme, values))
    order = np.argsort(values, kind="stable")
    assert (np.diff(codes[order]) <= 0).all()
    for value in values:
        assert len(set(codes[values == value])) == 1


@quick
@given(amounts)
def test_shares_partition_the_customers(x: list[float]) -> None:
    scheme = replace(SIZE, kind="share", limits=(0.7, 0.9))
    values = np.array(x)
    codes = assign(values, find_cuts(scheme, values))
    assert np.bincount(codes, minlength=3).sum() == len(x)
    total = values[values > 0].sum()
    top = np.sort(values[codes == 0])
    if len(top) and total > 0:
        assert top.sum() >= 0.7 * total * (1 - 1e-9)
        assert top[top > top[0]].sum() < 0.7 * total * (1 + 1e-9)


@quick
@given(amounts)
def test_the_scheme_abc_is_that_of_the_scores(x: list[float]) -> None:
    [scheme] = [s for s in read_schemes({}) if s.name == "abc"]
    codes = assign(np.array(x), find_cuts(scheme, np.array(x)))
    expected = assign_tiers(x, fit_tiers(x))
    assert [scheme.classes[code] for code in codes] == expected.tolist()


def test_regions_may_have_limits_of_their_own() -> None:
    scheme = replace(SIZE, by="region", overrides={"East": (10.0, 5.0)})
    table = facts([20.0, 20.0, 120.0], region=["East", "West", None])
    assert classes(grade(table, [scheme], as_of=AS_OF)) == ["A", "C", "A"]


def test_the_first_of_each_group_are_chosen_with_their_ties() -> None:
    scheme = Scheme("top", "top_of_group", ("in", "out"), quantity="x", limits=(1.0,))
    scheme = replace(scheme, group="team")
    table = facts([5.0, 5.0, 4.0, 1.0, 9.0], team=["a", "a", "a", "b", None])
    found = grade(table, [scheme], as_of=AS_OF)
    assert classes(found, "top") == ["in", "in", "out", "in", "out"]


def test_schemes_stand_on_each_other_in_whatever_order() -> None:
    both = make_scheme(
        "both",
        {
            "kind": "all_of",
            "classes": ["yes", "no"],
            "rules": ["tier_size = 'A'", "x < 200"],
        },
    )
    found = grade(facts([150.0, 300.0, 1.0]), [both, SIZE], as_of=AS_OF)
    assert classes(found, "both") == ["yes", "no", "no"]


def test_schemes_in_a_circle_are_a_fault_of_theirs_alone() -> None:
    def one(name: str, other: str) -> Scheme:
        rules = (f"tier_{other} = 'yes'",)
        return Scheme(name, "rules", ("yes", "no"), rules=rules)

    found = grade(
        facts([150.0]), [one("a", "b"), SIZE, one("b", "a"), one("c", "a")], as_of=AS_OF
    )

    for name in ("a", "b"):
        assert "on each other: a -> b -> a" in found.summary[name]["fault"]
    assert found.summary["c"]["skipped"] == "stands on a, which says nothing here"
    assert classes(found) == ["A"]


def test_a_scheme_without_its_facts_says_what_it_needs() -> None:
    schemes = read_schemes(
        {}, active=("big", "strategic", "profit24", "value_customer")
    )
    table = facts([1.0], days_since_last_order=[3.0])
    found = grade(table, schemes, as_of=AS_OF).summary
    assert found["big"]["skipped"] == "needs seats, which no customer has"
    assert "stands on" in found["value_customer"]["skipped"]
    assert found["profit24"]["shares"]["profit"]["n_customers"] == 1


def test_the_cuts_of_a_run_grade_one_more_customer_alike() -> None:
    scheme = replace(SIZE, kind="share", limits=(0.7, 0.9))
    run = grade(facts([100.0, 50.0, 10.0, 5.0]), [scheme], as_of=AS_OF)
    kept = json.loads(json.dumps(run.summary))
    for x, name in zip([100.0, 50.0, 10.0, 5.0], classes(run), strict=True):
        alone = grade(facts([x]), [scheme], as_of=AS_OF, summary_before=kept)
        assert classes(alone) == [name]


def test_who_has_no_quantity_is_in_the_last_class() -> None:
    assert classes(grade(facts([None, 200.0]), [SIZE], as_of=AS_OF)) == ["C", "A"]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"kind": "thresholds"}, r"cannot be read"),
        ({"kind": "x", "classes": ["a", "b"]}, r"kind is 'x'"),
        (
            {"kind": "share", "classes": ["a", "b"], "quantity": "x"},
            r"It has no default",
        ),
        ({"kind": "rules", "classes": ["a", "b"]}, r"has 0 rules"),
        ({"kind": "matrix", "classes": ["a", "b"]}, r"needs rows and columns"),
        ({"clases": ["a", "b"]}, r'Did you mean "classes"'),
        (
            {**SIZE.to_dict(), "name": None, "limits": [1, 2]},
            r"limits that do not fall",
        ),
        (
            {"kind": "rules", "classes": ["a", "b"], "rules": ["x"], "hysteresis": 0.1},
            r"hysteresis without a quantity",
        ),
    ],
)
def test_a_scheme_that_contradicts_itself_is_refused(
    given: dict[str, Any], fault: str
) -> None:
    given.pop("name", None)
    with pytest.raises(ConfigError, match=fault):
        make_scheme("s", given)


@pytest.mark.parametrize("name", ["margin_vs_average", "big_revenue"])
def test_what_the_documents_leave_blank_is_required(name: str) -> None:
    assert name not in {scheme.name for scheme in read_schemes({})}
    with pytest.raises(ConfigError, match=r"It has no default"):
        read_schemes({}, active=(name,))
    assert read_schemes({name: {"limits": [10]}}, active=(name,))


@pytest.mark.parametrize(
    "terms",
    [
        {"kind": "rules", "rules": ["y > 1"]},
        {"kind": "thresholds", "quantity": "y", "limits": [1]},
        {
            "kind": "thresholds",
            "quantity": "x",
            "limits": [1],
            "growth": {"when": "y > 1", "to": "a"},
        },
    ],
)
def test_a_wrong_scheme_spoils_itself_and_names_its_fault(
    terms: dict[str, Any],
) -> None:
    scheme = make_scheme("s", {"classes": ["a", "b"], **terms})
    found = grade(facts([150.0]), [scheme, SIZE], as_of=AS_OF)
    fault = "[tiers.s] Rule, line 1, column 1: there is no column 'y'."
    assert found.summary["s"]["fault"].startswith(fault)
    assert "tier_s" not in found.facts.column_names
    assert classes(found) == ["A"]


def test_every_preset_names_the_rows_it_comes_from() -> None:
    for name, preset in read_presets().items():
        assert preset["source"], name
        assert preset["title"], name


def test_reasons_and_gaps_are_told_in_two_languages() -> None:
    scheme = replace(SIZE, quantity="net_spend_365d", unit="money")
    case = Case("B", 60.0, (100.0, 50.0), order_value=30.0)
    assert write_reason(scheme, case, currency="GBP") == {
        "en": "Spent 60.00 GBP in the last 365 days: B is 50.00 GBP or more.",
        "zh": "过去365天消费60.00 GBP：B为50.00 GBP及以上。",
    }
    gap = write_gap(scheme, case, as_of=AS_OF, currency="GBP")
    assert gap is not None
    assert gap["en"] == (
        "2 more orders or 40.00 GBP more by 31 December 2011 would make it A"
    )
    assert gap["zh"] == "2011年12月31日前再下2单或再增加40.00 GBP即可成为A"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"cause": "manual"}, "Put into A by hand"),
        ({"cause": "rule", "since": "2011-12-01", "was": "B"}, "A since 2011-12-01"),
        ({"cause": "band"}, "the limit is not passed by 10%"),
        ({"cause": "stay"}, "not yet 30 days since"),
        ({"cause": "growth", "lifted": "2011-12-01"}, "for growth potential (x > 1)"),
        ({"cause": "proposed"}, "waits for approval"),
    ],
)
def test_a_reason_names_what_moved_the_customer(
    told: dict[str, str], expected: str
) -> None:
    growth = {"when": "x > 1", "to": "A", "days": 90}
    plain = {key: value for key, value in SIZE.to_dict().items() if key != "name"}
    scheme = make_scheme(
        "size", {**plain, "hysteresis": 0.1, "min_stay_days": 30, "growth": growth}
    )
    case = Case("A", 120.0, (100.0, 50.0), told=told)
    assert expected in write_reason(scheme, case, currency=None)["en"]
