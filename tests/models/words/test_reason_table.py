"""The table of reasons: it speaks for every feature, in both languages."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features.purchases.build import build_features
from features.purchases.plan import plan_features
from models.score.schema import BASE, OTHER
from models.words.columns import HOLDS
from models.words.reasons import TABLE, ReasonTable
from tests.features.sqllog import open_log

NAN = float("nan")
AS_OF = datetime(2025, 1, 1, tzinfo=UTC)
ENTRIES: list[dict[str, Any]] = tomllib.loads(TABLE.read_text("utf-8"))["reason"]
OF_CONTRACTS = (
    "contract_tenure_days",
    "contract_spell_days",
    "contract_days",
    "days_to_contract_year",
    "days_since_contract_change",
    "n_contracts",
    "n_active_contracts",
    "n_renewals",
    "n_contract_gaps",
    "contract_gap_days",
    "contract_active_share",
    "ended_contract_mean_days",
    "contract_amount",
    "contract_amount_change",
    "n_plan_changes",
)
MADE_BY_MODELS = (
    "btyd_p_alive",
    "btyd_p_active",
    "btyd_expected_orders",
    "btyd_order_rate",
    "btyd_mean_spend",
    "btyd_expected_value",
    OTHER,
    BASE,
)


@pytest.fixture(scope="module")
def table() -> ReasonTable:
    return ReasonTable.load()


@pytest.fixture(scope="module")
def built() -> pa.Table:
    """Return every feature of three customers of a log that has every column."""
    start = datetime(2023, 1, 2, 15, tzinfo=UTC).replace(tzinfo=None)
    sale = {"discount": 1.0, "cost": 4.0, "channel": "shop", "category": "tea"}
    transactions = [
        {
            **sale,
            "customer_id": customer,
            "occurred_at": start + timedelta(days=gap * i),
            "amount": -3.0 if i == 4 else 10.0 + i,
            "order_id": f"{customer}{i}",
            "product_id": f"p{i % 3}",
            "quantity": 2.0,
        }
        for customer, n, gap in (("often", 9, 40), ("twice", 2, 600), ("once", 1, 1))
        for i in range(n)
    ]
    interactions = [
        {
            "customer_id": "often",
            "occurred_at": start + timedelta(days=300 * i),
            "type": kind,
            "direction": direction,
            "value": 3.0,
            "minutes": 5.0,
            "cost": 1.0,
        }
        for i in range(3)
        for kind, direction in (("E-mail", "outbound"), ("complaint", "inbound"))
    ]
    log = open_log(
        transactions=transactions,
        interactions=interactions,
        customers=[{"customer_id": "often", "joined_at": start}],
    )
    plan = plan_features(log, as_of=AS_OF, horizon=timedelta(days=90))
    return build_features(log, plan, as_of=[AS_OF]).drop_columns(
        ["customer_id", "as_of"]
    )


def test_every_feature_of_the_engine_has_a_sentence_of_its_own(
    table: ReasonTable, built: pa.Table
) -> None:
    assert len(built.column_names) > 100
    assert [name for name in built.column_names if not table.knows(name)] == []


def test_every_sentence_is_of_some_feature(table: ReasonTable, built: pa.Table) -> None:
    names = [*built.column_names, *OF_CONTRACTS, *MADE_BY_MODELS]
    spoken = set()
    for name in names:
        matching = (e["feature"] for e in ENTRIES if re.fullmatch(e["feature"], name))
        spoken.add(next(matching))
    assert [e["feature"] for e in ENTRIES if e["feature"] not in spoken] == []


def test_what_may_be_missing_has_a_sentence_for_it(
    table: ReasonTable, built: pa.Table
) -> None:
    for name in built.column_names:
        if built[name].null_count:
            en, _ = table.sentence(name, NAN, NAN, 0.1)
            assert not en.endswith("is not known"), name


def test_every_value_the_engine_gives_can_be_said(
    table: ReasonTable, built: pa.Table
) -> None:
    columns = {
        name: built[name].to_numpy(zero_copy_only=False) for name in built.column_names
    }
    for name, values in columns.items():
        usual = np.full(len(values), np.nanmedian([*values, 0.0]))
        for sentences in table.sentences(
            name, values, usual, contribution=values, currency="GBP", context=columns
        ):
            for sentence in sentences.to_pylist():
                assert sentence
                assert not re.search(r"nan|inf\b|[{}\[\]]|_", sentence), name


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["feature"])
def test_each_case_is_said_in_both_languages(entry: dict[str, Any]) -> None:
    cases = [entry, *(entry[case] for case in HOLDS if case in entry)]
    assert set(entry) <= {"feature", "en", "zh", *HOLDS}
    for case in cases:
        en, zh = (
            [case[language]] if isinstance(case[language], str) else case[language]
            for language in ("en", "zh")
        )
        for english, chinese in zip(en, zh, strict=True):
            assert english.isascii() or "“" in english
            assert re.search("[\u4e00-\u9fff]", chinese)
            assert slots(english) == slots(chinese)


def slots(text: str) -> list[str]:
    """Return the names of the slots of a template."""
    return sorted(re.findall(r"\{(\w+)", text))


def test_no_sentence_claims_a_cause() -> None:
    text = TABLE.read_text("utf-8").split("[directions]")[1]
    assert not re.search("because|due to|caus|thanks to|因为|由于|导致|造成", text)
