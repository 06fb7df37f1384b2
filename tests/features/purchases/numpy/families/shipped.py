"""The steps of the shipped feature files that numpy works out by hand, as digests.

``python -m tests.features.purchases.numpy.families.shipped`` writes them down anew,
when a step has changed, and numpy has been changed alike and compared.
"""

from __future__ import annotations

import json

from sqlglot import exp, parse_one

from features.purchases.numpy.families.relations import is_sum
from features.purchases.numpy.families.selects import made_of
from features.purchases.numpy.families.steps import FILE, pieces
from features.purchases.plan import FeaturePlan
from tests.features.purchases.test_build import BARE, full_plan
from tests.features.sqllog import open_log, plan_for


def shipped_steps() -> dict[str, dict[str, list[str]]]:
    """Return the digests of each step, with all optional columns and with none."""
    bare = plan_for(open_log(transactions=BARE), "2024-02-10")
    steps: dict[str, dict[str, list[str]]] = {}
    for plan in (full_plan(), bare):
        for name, query in steps_by_hand(plan):
            columns = steps.setdefault(name, {})
            for column, digest in pieces(query).items():
                digests = columns.setdefault(column, [])
                if digest not in digests:
                    digests.append(digest)
    return dict(sorted(steps.items()))


def steps_by_hand(plan: FeaturePlan) -> list[tuple[str, exp.Expr]]:
    """Return what the sums of a plan are of, and what that is made of."""
    query = parse_one(plan.sql, read="duckdb")
    scope = {cte.alias: cte.this for cte in query.find_all(exp.CTE)}
    roots = {"rows_seen"}
    for step in scope.values():
        if is_sum(step):
            roots |= {
                table.name
                for table in step.find_all(exp.Table)
                if table.parent_select is step and table.name in scope
            }
    return [
        (name, step)
        for root in sorted(roots)
        for name, step in made_of(root, scope)
        if not is_sum(step)
    ]


if __name__ == "__main__":
    FILE.write_text(f"{json.dumps(shipped_steps(), indent=1)}\n")
