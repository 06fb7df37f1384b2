"""The steps of the shipped feature files that numpy works out by hand, as digests.

``python -m tests.features.purchases.numpy.families.shipped`` writes them down anew,
when a step has changed, and numpy has been changed alike and compared.
"""

from __future__ import annotations

import json

from sqlglot import exp, parse_one

from features.purchases.numpy.families.steps import FILE, made_of, pieces, rows_of
from features.purchases.numpy.sums import STEPS
from features.purchases.plan import FeaturePlan
from tests.features.purchases.test_build import BARE, full_plan
from tests.features.sqllog import open_log, plan_for


def shipped_steps() -> dict[str, dict[str, str]]:
    """Return the digests of each step, with all optional columns and with none."""
    bare = plan_for(open_log(transactions=BARE), "2024-02-10")
    steps: dict[str, dict[str, str]] = {}
    for plan in (full_plan(), bare):
        for name, query in steps_by_hand(plan).items():
            columns = steps.setdefault(name, {})
            for column, digest in pieces(query).items():
                digests = columns.setdefault(column, "")
                if digest not in digests:
                    columns[column] = f"{digests} {digest}".lstrip()
    return dict(sorted(steps.items()))


def steps_by_hand(plan: FeaturePlan) -> dict[str, exp.Expr]:
    """Return what the sums of a plan are of, and what that is made of."""
    query = parse_one(plan.sql, read="duckdb")
    steps = {cte.alias: cte.this for cte in query.find_all(exp.CTE)}
    roots = ["rows_seen", *(name for name in steps if rows_of(steps[name]) in STEPS)]
    return {name: step for root in roots for name, step in made_of(root, steps)}


if __name__ == "__main__":
    lines = (f'"{name}": {json.dumps(step)}' for name, step in shipped_steps().items())
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
