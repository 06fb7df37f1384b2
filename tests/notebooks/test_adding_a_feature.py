"""The recipe for adding a feature is followed, word for word."""

import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from features.purchases.build import build_features
from features.purchases.plan import query_context, write_query
from features.purchases.render import SQL_FOLDER, QueryWriter
from models.words.reasons import ReasonTable
from tests.features.purchases import test_spend
from tests.features.sqllog import Features, at, open_log, plan_for

RECIPE = (Path(__file__).parents[2] / "docs" / "adding-a-feature.md").read_text()
NAME = "first_order_share"
AS_OF = "2024-02-10"


def block(language: str) -> str:
    """Return the one block of the recipe in a language."""
    (text,) = re.findall(
        rf"^```{language}\n(.*?)^```", RECIPE, re.MULTILINE | re.DOTALL
    )
    return str(text)


def follow_recipe(folder: Path) -> None:
    """Put the line where the recipe says."""
    match = re.search(r"here\s+`(\w+\.sql)`, below `([\w.]+)`", RECIPE)
    assert match is not None
    path = folder / match[1]
    sql = path.read_text()
    assert sql.count(f"{match[2]},\n") == 1
    path.write_text(sql.replace(f"{match[2]},\n", f"{match[2]},\n{block('sql')}"))


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Features:
    folder = tmp_path_factory.mktemp("recipe") / "sql"
    shutil.copytree(SQL_FOLDER, folder)
    follow_recipe(folder)
    with open_log(transactions=test_spend.LOG) as log:
        plan = plan_for(log, AS_OF)
        context = query_context(
            plan.horizon_days, plan.windows, plan.interaction_types, has=plan.has
        )
        writer = QueryWriter(context, folders=(folder,))
        sql, names = write_query(log.con, writer, plan.has)
        assert {*names} - {*plan.names} == {NAME}
        built = build_features(
            log, replace(plan, sql=sql, names=names), as_of=[at(AS_OF)]
        )
    return {row["customer_id"]: row for row in built.to_pylist()}


def test_the_line_gives_what_its_test_expects(features: Features) -> None:
    written: dict[str, Any] = dict(vars(test_spend))
    before = {*written}
    exec(block("python"), written)
    (test,) = {*written} - before - {"__builtins__"}
    assert test.startswith("test_")
    written[test](features)


def test_the_sentence_is_said_in_both_languages(features: Features) -> None:
    shipped = ReasonTable.load().to_dict()
    assert not ReasonTable.load().knows(NAME)
    entries = tomllib.loads(block("toml"))["reason"]
    table = ReasonTable.from_dict({**shipped, "reason": [*shipped["reason"], *entries]})
    share = features["a"][NAME]
    assert table.sentence(NAME, share, 0.5, 0.1) == (
        "30 % of all spend was in the first order; peers usually 50 %",
        "首单占全部消费的30%，同类客户通常50%",
    )


def test_every_file_that_the_recipe_names_is_there() -> None:
    root = Path(__file__).parents[2]
    paths = re.findall(r"`((?:features|models|tests)/[\w./]+)`", RECIPE)
    assert len(paths) > 3
    for path in paths:
        assert (root / path).exists(), path
