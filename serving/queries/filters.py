"""Conditions in the language of rules, on the customers of one run."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from serving.runs.current import Run
from serving.store.facts import fact_columns
from serving.store.tables import BESIDE, facts, scores

if TYPE_CHECKING:
    from models.rules import Dialect, Rule, RuleType

Described = tuple[tuple[str, str], ...]


def filter_by(
    query: sa.Select[Any], rule: str, run: Run, *, dialect: str
) -> sa.Select[Any]:
    """Keep of a query on scores those customers for whom a rule is true.

    A rule that names facts looks them up by customer; of the score itself it uses the
    typed columns.

    Raises
    ------
    RuleError
        If it is not in the language, or names what the run does not know.
    """
    described = run.context.get("facts", {})
    read = read_filter(rule, run)
    kind: Dialect = "sqlite" if dialect == "sqlite" else "postgresql"
    written = read.to_sql(kind, column=fact_columns(kind, described), prefix="rule_")
    condition = sa.text(written.sql).bindparams(**written.params)
    if not read.columns & set(described):
        return query.where(condition)
    # Not a join: the scores stay what drives the query.
    return query.where(
        sa.exists()
        .select_from(facts)
        .where(
            BESIDE,
            condition,
        )
        .correlate(scores)
    )


def read_filter(rule: str, run: Run) -> Rule:
    """Read a rule for the columns of a run.

    Raises
    ------
    RuleError
        If it is not in the language, or names what the run does not know.
    """
    return _read(rule, tuple(run.context.get("facts", {}).items()))


def known_columns(described: Described) -> dict[str, RuleType]:
    """Return what a filter may name: the stored columns of a score, and the facts."""
    from models.rules import RuleType
    from models.score.facts import SCORE_TYPES

    stored = {column.name for column in scores.c}
    own = {name: kind for name, kind in SCORE_TYPES.items() if name in stored}
    return own | {name: RuleType[kind] for name, kind in described}


@lru_cache(maxsize=256)
def _read(rule: str, described: Described) -> Rule:
    """Read a rule once for all pages of a walk."""
    from models.rules import parse_rule

    return parse_rule(rule, known_columns(described))
