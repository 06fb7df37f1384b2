"""Every requirement is answered, and whatever an answer names exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from features.door.rows.columns import TABLES
from models.actions import read_catalogue
from models.lists.presets import presets as read_lists
from models.score.fact_types import FACT_TYPES, OPTIONAL_ATTRIBUTES
from models.score.schema import SCORE_SCHEMA
from models.tiers.definition.reading import read_presets as read_schemes
from regulars.settings.settings import Settings
from serving.api.app import create_app
from serving.store import open_store
from tests.documents import commands
from tests.serving.samples import Shelf

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT.parent / "shared" / "requirements.md"
DOCUMENT = (ROOT / "docs/requirements.md").read_text()

N_ROWS = {"000": 22, "001": 120, "002": 37, "003": 24, "004": 14}
"""Source document to how many rows it has; they are numbered from 1."""

IDS = [f"{name}-{number + 1}" for name, n in N_ROWS.items() for number in range(n)]
ROW = re.compile(r"^\| (\d{3}-\d+) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([^`]+)`")
METHODS = ("GET", "POST", "PUT", "DELETE")

KNOWN = {
    *FACT_TYPES,
    *OPTIONAL_ATTRIBUTES,
    *SCORE_SCHEMA.names,
    *TABLES,
    *(column.name for columns in TABLES.values() for column in columns),
    "regulars.toml",
}
PRESETS = {
    "tiers": set(read_schemes()),
    "lists": set(read_lists()),
    "actions": {action.name for action in read_catalogue().actions},
}


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return every operation of the API, as ``GET /v1/model``."""
    path = tmp_path_factory.mktemp("store") / "regulars.db"
    with closing(open_store(f"sqlite:///{path}")) as store:
        document: dict[str, Any] = create_app(store=store, scorers=Shelf()).openapi()
    return {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    }


def is_setting(text: str) -> bool:
    """Tell whether ``[actions]``, ``[tiers.abc]`` or ``[model] sensitive`` is one."""
    found = re.fullmatch(r"\[(\w+)(?:\.(\w+))?\](?: (\w+))?", text)
    if found is None or found[1] not in Settings.model_fields:
        return False
    if found[2] is not None:
        return found[2] in PRESETS[found[1]]
    if found[3] is None:
        return True
    table: Any = Settings.model_fields[found[1]].annotation
    return found[3] in table.model_fields


def exists(text: str, addresses: set[str]) -> bool:
    """Tell whether what an answer names is there."""
    if text.startswith(METHODS):
        return text in addresses
    if text.startswith("regulars "):
        words = text.removeprefix("regulars ")
        first = words.split()[0]
        return words in commands() or first in commands()
    if text.startswith("["):
        return is_setting(text)
    return text in KNOWN or ("/" in text and (ROOT / text).exists())


def test_every_row_is_answered_once_and_in_order() -> None:
    assert [row for row, _ in ROW.findall(DOCUMENT)] == IDS


@pytest.mark.skipif(not SOURCE.exists(), reason=f"{SOURCE} is not on this machine")
def test_the_rows_are_those_of_the_source() -> None:
    rows = re.findall(r"^\| (\d{3}-\d+) \|", SOURCE.read_text(), re.MULTILINE)
    assert rows == IDS


def answered() -> Iterator[tuple[str, str]]:
    """Yield each row with its answer."""
    yield from ROW.findall(DOCUMENT)


def test_whatever_an_answer_names_exists(addresses: set[str]) -> None:
    lost = [
        (row, name)
        for row, answer in answered()
        for name in NAMED.findall(answer)
        if not exists(name, addresses)
    ]
    assert not lost


def test_an_answer_names_something_or_says_why_not() -> None:
    excuses = ("out of scope", "not here", "later", "attribute", "imported")
    assert not [
        row
        for row, answer in answered()
        if not NAMED.search(answer)
        and not any(word in answer.lower() for word in excuses)
    ]


def test_reports_that_are_named_exist() -> None:
    from models.reports import TITLES

    named = set(re.findall(r"`regulars report (\w+)`", DOCUMENT))
    assert named == set(TITLES)


@pytest.mark.parametrize("name", ["tiers", "lists", "actions"])
def test_every_preset_answers_a_row(name: str) -> None:
    named = set(re.findall(rf"`\[{name}\.(\w+)\]`", DOCUMENT))
    assert named == PRESETS[name]


@pytest.mark.parametrize(
    "wrong",
    ["models/nothing.py", "GET /v1/nothing", "regulars nothing", "[tiers.nothing]"],
)
def test_the_check_finds_what_is_not_there(wrong: str, addresses: set[str]) -> None:
    assert not exists(wrong, addresses)
