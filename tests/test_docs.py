"""Every document's links lead somewhere, and what it shows is so."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest
import sqlglot
from jinja2 import Environment
from pydantic import BaseModel

from regulars.settings.settings import VARIABLES, Settings, load_settings
from tests.documents import (
    ROOT,
    Block,
    anchors,
    blocks,
    commands,
    documents,
    inline_code,
    links,
    name_of,
)

FRONT_PAGE = ROOT / "README.md"
COMMANDS = (ROOT / "docs/commands.md").read_text()
SETTINGS = (ROOT / "docs/settings.md").read_text()
ARCHITECTURE = ROOT / "docs/architecture.md"
DECISIONS = ROOT / "docs/decisions"
FOLDERS = {path.parent.name for path in ROOT.glob("*/__init__.py")}
FIGURES = ("docs/figures.md", "CHANGELOG.md")
SPEED = re.compile(
    r"\b\d[\d.,]* ?(?:ms|s|min|minutes|seconds|microseconds|requests/s)\b(?!-)"
    r"|\b\d[\d.]*(?:x|times) (?:faster|slower|its|the time|as (?:fast|slow|long))\b"
)
"""A figure of speed, as ``1.3 ms`` or ``6.1x its requests/s``."""


def settings(model: type[BaseModel] = Settings) -> list[str]:
    """Return the key of every setting, whatever table it is in."""
    keys = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            keys += settings(kind)
        elif name != "path":
            keys.append(name)
    return keys


def in_language(language: str) -> list[Block]:
    """Return the blocks of a language."""
    return [block for block in blocks() if block.language == language]


def test_the_front_page_fits_some_screens() -> None:
    """What it is, the two commands, the five lines of config and the API."""
    lines = FRONT_PAGE.read_text().splitlines()
    assert len(lines) <= 140
    assert "make demo" in "\n".join(lines[:40])
    assert "[data]" in "\n".join(lines[:80])
    assert "curl" in "\n".join(lines[:100])


@pytest.mark.parametrize("command", commands())
def test_each_command_is_in_its_document(command: str) -> None:
    assert f"`regulars {command}" in COMMANDS


@pytest.mark.parametrize("key", [*settings(), *VARIABLES])
def test_each_setting_is_in_its_document(key: str) -> None:
    assert f"`{key}`" in SETTINGS


@pytest.mark.parametrize("path", documents(), ids=name_of)
def test_each_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    for target in links(path):
        if re.match(r"https?:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("path", documents(), ids=name_of)
def test_each_file_that_is_named_exists(path: Path) -> None:
    """Named from the root: ``features/purchases/sql/rfm.sql``."""
    for text in inline_code(path):
        if re.fullmatch(r"(?:[\w-]+/)+[\w.-]*", text) and text.split("/")[0] in FOLDERS:
            assert (ROOT / text).exists(), text


@pytest.mark.parametrize("path", documents(), ids=name_of)
def test_figures_of_speed_are_in_one_document(path: Path) -> None:
    if name_of(path) not in FIGURES:
        assert SPEED.findall(path.read_text()) == []


def test_each_block_is_of_a_language_that_is_checked() -> None:
    languages = {block.language for block in blocks()}
    assert languages <= {"", "toml", "json", "python", "sql"}


@pytest.mark.parametrize("block", in_language("toml"), ids=str)
def test_each_config_is_read(tmp_path: Path, block: Block) -> None:
    """What is no config, as an entry of ``reasons.toml``, is TOML all the same."""
    tables = tomllib.loads(block.text)
    if not tables.keys() <= Settings.model_fields.keys():
        assert tables.keys() == {"reason"}
        return
    path = tmp_path / "regulars.toml"
    path.write_text(block.text)
    assert load_settings(path, {}).path == path


@pytest.mark.parametrize("block", in_language("json"), ids=str)
def test_each_object_is_json(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", in_language("python"), ids=str)
def test_each_program_is_python(block: Block) -> None:
    assert ast.parse(block.text).body


@pytest.mark.parametrize("block", in_language("sql"), ids=str)
def test_each_query_is_sql(block: Block) -> None:
    """A column of a feature's file has its macros; they stand for an expression."""
    Environment(autoescape=True).parse(block.text)
    text = re.sub(r"\{\{.*?\}\}", "x", block.text, flags=re.DOTALL)
    assert sqlglot.parse_one(f"select {text.rstrip().rstrip(',')}", read="duckdb")


def test_each_folder_of_the_house_is_drawn() -> None:
    text = ARCHITECTURE.read_text()
    for name in FOLDERS | {"mlflow", "notebooks", "docs"}:
        assert f"{name}/" in text


def test_the_index_of_decisions_names_each_file_in_order() -> None:
    files = sorted(path.name for path in DECISIONS.glob("[0-9]*.md"))
    index = (DECISIONS / "README.md").read_text()
    listed = re.findall(r"^- \[(\d{3}) .+\]\((\1-[a-z-]+\.md)\)$", index, re.MULTILINE)
    assert [name for _, name in listed] == files
    assert [int(name[:3]) for name in files] == [*range(1, len(files) + 1)]
    assert "(tried-without-gain.md)" in index


@pytest.mark.parametrize("path", sorted(DECISIONS.glob("[0-9]*.md")), ids=name_of)
def test_a_decision_has_a_question_options_a_choice_and_a_reason(path: Path) -> None:
    title, *parts = path.read_text().split("\n\n")
    assert re.fullmatch(r"# .+\?", title)
    heads = [re.match(r"\*\*(\w+)\*\*: ", part) for part in parts]
    assert [head and head[1] for head in heads] == ["Options", "Choice", "Reason"]
    assert len(path.read_text().splitlines()) <= 20
    assert f"{title[2:]}](" in (DECISIONS / "README.md").read_text()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-spark.lock"])
def test_a_lock_holds_no_address_and_a_hash_for_each_package(name: str) -> None:
    lock = (ROOT / name).read_text()
    assert not re.search(r"https?:|file:|^-", lock, re.MULTILINE)
    pins = re.findall(r"^([\w.-]+==\S+)(?: ;.*)? \\\n    --hash", lock, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^\w", lock, re.MULTILINE))


@pytest.mark.parametrize("text", ["in 1.3 ms", "12.7x faster", "took 42 minutes"])
def test_a_figure_of_speed_is_recognised(text: str) -> None:
    assert SPEED.search(text)
