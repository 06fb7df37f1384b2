"""What attributes are, which are sensitive, and what a label says."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from features.attributes.label import find_label, read_label
from features.attributes.plan import AttributePlan, build_attributes
from features.attributes.profile import profile_column
from features.attributes.sensitive import is_sensitive
from features.attributes.survey import (
    AttributeWish,
    plan_attributes,
    survey_attributes,
)
from features.door.log_files import Log, log_from_rows
from features.errors import ConfigError, DataError

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def open_customers(n: int = 60) -> Log:
    return log_from_rows(
        customers=[
            {
                "customer_id": f"c{i:02d}",
                "Contract": ["Monthly", "Yearly", None][i % 3],
                "Bill": f"{i}.5" if i % 7 else " ",
                "gender": "F" if i % 2 else "M",
                "Surname": f"name {i}",
                "Churn Reason": "price" if i % 4 == 0 else None,
                "Churn": ["Yes", "No", "No", None][i % 4],
            }
            for i in range(n)
        ],
        now=NOW,
    )


@pytest.mark.parametrize(
    "name",
    ["Sex", "gender", "SeniorCitizen", "marital_status", "Age", "客户年龄", "收入"],
)
def test_sex_age_marriage_and_income_are_sensitive(name: str) -> None:
    assert is_sensitive(name)


@pytest.mark.parametrize(
    "name", ["Usage", "Package", "AverageBill", "Contract", "语言"]
)
def test_a_name_that_only_holds_the_letters_is_not(name: str) -> None:
    assert not is_sensitive(name)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["Yes", "No", None], [1, 0, np.nan]),
        ([1.0, 0.0, 0.0], [1, 0, 0]),
        (["Churned", "Active", "Joined"], [1, 0, 0]),
        (["是", "否", "否"], [1, 0, 0]),
        (["Attrited Customer", "Existing Customer", None], [1, 0, np.nan]),
    ],
)
def test_a_label_is_read_in_many_tongues(
    values: list[object], expected: list[float]
) -> None:
    labels = read_label(pd.Series(values), name="Churn")
    np.testing.assert_array_equal(labels, expected)


def test_the_config_says_what_means_churned() -> None:
    values = pd.Series(["A", "B", "C"])
    np.testing.assert_array_equal(
        read_label(values, name="s", churned=["c", "B"]), [0, 1, 1]
    )
    with pytest.raises(ConfigError, match="'a', 'b', 'c' is not known"):
        read_label(values, name="s")
    with pytest.raises(ConfigError, match="which s never is"):
        read_label(values, name="s", churned=["D"])
    with pytest.raises(DataError, match="nobody churned"):
        read_label(pd.Series(["No", "No"]), name="s")


def test_a_label_is_found_by_its_name_or_asked_for() -> None:
    assert find_label(["Churn Value", "Churn", "x"], None) == "Churn"
    assert find_label(["Exited", "x"], None) == "Exited"
    with pytest.raises(ConfigError, match="says by its name who churned"):
        find_label(["x"], None)
    with pytest.raises(ConfigError, match=r'Did you mean "Churn"\?'):
        find_label(["Churn"], "Chrun")


def test_each_attribute_is_used_or_left_out_with_a_reason() -> None:
    with open_customers() as log:
        survey = survey_attributes(log, AttributeWish(), as_of=log.ends_at)
        plan = plan_attributes(survey, horizon_days=90)
    assert survey.label == "Churn"
    assert plan.used == ("Contract", "Bill")
    assert dict(plan.left_out) == {
        "gender": "sensitive, and not asked for",
        "Surname": "a value of its own for nearly every customer",
        "Churn Reason": "named after the answer",
        "Churn": "the label itself",
    }
    assert AttributePlan.from_dict(plan.to_dict()) == plan


def test_what_is_sensitive_is_used_where_asked_for() -> None:
    with open_customers() as log:
        wish = AttributeWish(sensitive=("gender",), leave_out=("Bill",))
        survey = survey_attributes(log, wish, as_of=log.ends_at)
        assert plan_attributes(survey, horizon_days=90).used == ("Contract", "gender")
        wish = AttributeWish(sensitive=("sex",))
        with pytest.raises(ConfigError, match="sensitive names 'sex'"):
            survey_attributes(log, wish, as_of=log.ends_at)


def test_unseen_values_are_another_and_missing_ones_are_missing() -> None:
    with open_customers() as log:
        survey = survey_attributes(log, AttributeWish(), as_of=log.ends_at)
        plan = plan_attributes(survey, horizon_days=90)
    rows: list[dict[str, str | None]] = [
        {"customer_id": "a", "Contract": "Yearly", "Bill": "3"},
        {"customer_id": "b", "Contract": "Weekly", "Bill": "$4.5"},
        {"customer_id": "c", "Contract": None, "Bill": "much"},
    ]
    with log_from_rows(customers=rows, now=NOW) as log:
        features = build_attributes(log, plan, as_of=log.ends_at)
    np.testing.assert_array_equal(features["Contract"], [1, 2, np.nan])
    np.testing.assert_array_equal(features["Bill"], [3, 4.5, np.nan])


def test_a_table_without_a_column_of_the_plan_is_refused() -> None:
    with open_customers() as log:
        survey = survey_attributes(log, AttributeWish(), as_of=log.ends_at)
        plan = plan_attributes(survey, horizon_days=90)
    with (
        log_from_rows(customers=[{"customer_id": "a", "Bill": "3"}], now=NOW) as log,
        pytest.raises(DataError, match="customers has no Contract"),
    ):
        build_attributes(log, plan, as_of=log.ends_at)


def test_counters_constants_and_texts_are_left_out() -> None:
    assert profile_column("n", pd.Series(range(100))).why_not == "counts the rows"
    constant = profile_column("c", pd.Series(["x"] * 9))
    assert constant.why_not == "the same for every customer"
    assert profile_column("ZipCode", pd.Series([1.0, 2.0])).why_not
    texts = pd.Series([f"{'many words ' * 7}{i % 30}" for i in range(60)])
    assert profile_column("t", texts).why_not == "free text"


def test_a_log_of_customers_alone_ends_at_the_last_midnight() -> None:
    with open_customers() as log:
        assert log.ends_at == datetime(2026, 1, 31, tzinfo=UTC)
