"""Which customers of a run, in what order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from models.rules import Rule, parse_rule
from serving.queries.cursor import digest
from serving.runs.published import Run
from serving.store.facts_table import stored_columns
from serving.store.tables import scores

SORT_COLUMNS = (
    "priority",
    "value_at_risk",
    "expected_value",
    "churn_probability",
    "customer_id",
)

SORTS = tuple(sign + name for name in SORT_COLUMNS for sign in ("", "-"))
"""What pages can be sorted by: a column, upwards or, with a minus, downwards."""


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """Which customers, in what order.

    Parameters
    ----------
    tiers, risk_bands : tuple of str
        Any of these; empty for all.
    rule : str
        A condition in the language of rules; empty for none.
    sort : str
        One of ``SORTS``. Ties are broken by customer_id, missing values come last.
    """

    tiers: tuple[str, ...] = ()
    risk_bands: tuple[str, ...] = ()
    sort: str = "priority"
    rule: str = ""

    @property
    def column(self) -> sa.Column[Any]:
        """Return the column that is sorted by."""
        return scores.c[self.sort.removeprefix("-")]

    @property
    def descends(self) -> bool:
        """Tell downwards from upwards."""
        return self.sort.startswith("-")

    @property
    def question(self) -> str:
        """Return a digest of the filter and the sort."""
        parts = [sorted(set(self.tiers)), sorted(set(self.risk_bands)), self.sort]
        return digest(*parts, *([self.rule] if self.rule else []))


def read_filter(rule: str, run: Run) -> Rule:
    """Read a rule for the columns of a run.

    Raises
    ------
    RuleError
        If it is not in the language, or names what the run does not know.
    """
    return _parse(rule, tuple(run.context.get("facts", {}).items()))


@lru_cache(maxsize=256)
def _parse(rule: str, described: tuple[tuple[str, str], ...]) -> Rule:
    """Parse a rule once for all pages of a walk."""
    return parse_rule(rule, stored_columns(dict(described)))
