"""Lists on a store of a million customers.

``python -m tests.bench.lists [N] [FOLDER]``: the store is SQLite and stays in FOLDER
for a second run.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from models.lists import ListDefinition, presets
from models.score.fact_types import describe_facts
from models.score.schema import SCORE_SCHEMA, RunContext
from serving.queries import CustomerFilter, customers
from serving.queries.lists.build import lists_now
from serving.queries.lists.members import members_of, remove_list, save_list
from serving.runs.lists import build_for_publish
from serving.store import Publication, Store, open_store, publish
from serving.store.facts import Beside
from serving.store.tables import list_builds, list_members, published
from tests.bench.rows import Row, as_markdown

MILLION = 1_000_000
AS_OF = datetime(2011, 12, 10, tzinfo=UTC)
CALL_FIRST = ListDefinition.model_validate(
    {
        "filter": "churn_probability > 0.6 and tier in ('VIP', 'A')"
        " and region = 'East'",
        "limit": 100,
        "guardrails": {"consent": "call", "contacted_within_days": 14},
    }
)
"""A list of 100, as a retention team would ask for it."""

FEW = "region = 'East' and csat_last <= 2 and net_spend_365d > 5000"
"""A condition that next to nobody meets, which no index can know."""


def draw_run(n: int, *, seed: int = 0) -> tuple[pa.Table, RunContext, pa.Table]:
    """Draw scores without reasons, and the facts that presets and the list name."""
    rng = np.random.default_rng(seed)
    churn, value = rng.beta(2, 1, n), rng.gamma(0.4, 300, n)
    tier = np.array(["VIP", "A", "B", "C"])[
        np.digitize(rng.random(n), [0.01, 0.2, 0.45])
    ]
    band = np.array(["low", "medium", "high"])[np.digitize(churn, [0.33, 0.66])]
    stages = ["new", "one_time", "repeat", "loyal", "slipping", "dormant", "lost"]
    ids = pa.array([f"c{place:08}" for place in range(n)])
    columns: dict[str, pa.Array] = {
        "customer_id": ids,
        "as_of": pa.array([AS_OF] * n, pa.timestamp("us", "UTC")),
        "model_version": pa.array(["1"] * n),
        "churn_probability": pa.array(churn),
        "expected_value": pa.array(value),
        "risk_band": pa.array(band),
        "lifecycle_stage": pa.array(np.array(stages)[rng.integers(0, 7, n)]),
        "tier": pa.array(tier),
        "priority": pa.array(np.argsort(np.argsort(-churn * value)) + 1),
        "value_at_risk": pa.array(churn * value),
        "score_basis": pa.array(["model"] * n),
    }
    scores = pa.table(
        [columns.get(f.name, pa.nulls(n, f.type)) for f in SCORE_SCHEMA],
        schema=SCORE_SCHEMA,
    )
    spend = rng.gamma(0.5, 800, n)
    contacted = rng.random(n) < 0.3
    facts = pa.table(
        {
            "gap_amount": pa.array(rng.gamma(1, 400, n)),
            "net_spend": pa.array(spend * 2),
            "net_spend_365d": pa.array(spend),
            "net_spend_prior_365d": pa.array(rng.gamma(0.5, 800, n)),
            "n_orders_365d": pa.array(rng.poisson(3, n).astype(float)),
            "n_orders_prior_365d": pa.array(rng.poisson(3, n).astype(float)),
            "days_since_first_order": pa.array(rng.uniform(0, 1500, n)),
            "return_share": pa.array(rng.beta(1, 9, n)),
            "n_contacts_365d": pa.array(np.where(contacted, rng.poisson(3, n), 0.0)),
            "contact_minutes_365d": pa.array(np.where(contacted, 20.0, 0.0)),
            "contact_cost_365d": pa.array(np.where(contacted, 9.0, 0.0)),
            "days_since_last_contact": pa.array(
                rng.uniform(0, 365, n), mask=~contacted
            ),
            "has_open_complaint": pa.array(rng.random(n) < 0.02),
            "csat_last": pa.array(rng.integers(1, 6, n) * 1.0, mask=~contacted),
            "nps_last": pa.nulls(n, pa.float64()),
            "contact_owner_id": pa.nulls(n, pa.string()),
            "owner_id": pa.array(
                np.array(["amy", "bob", "eve"])[rng.integers(0, 3, n)],
                mask=rng.random(n) < 0.2,
            ),
            "region": pa.array(np.array(["East", "West"])[rng.integers(0, 2, n)]),
            "consent_call": pa.array(rng.random(n) < 0.7),
        }
    )
    context = RunContext(AS_OF, currency="EUR", facts=describe_facts(facts))
    return scores, context, facts


def prepare(store: Store, n: int) -> pa.Table:
    """Publish a run, unless it is there, and return its facts."""
    with store.read() as con:
        there = con.execute(sa.select(published.c.run)).scalar_one()
    scores, context, facts = draw_run(n)
    if there is None:
        beside = Beside(scores["customer_id"], facts, [None] * n)
        publish(
            store,
            Publication(scores, context=context, model={"version": "1"}, beside=beside),
        )
    for name in ("customer_id", "churn_probability", "expected_value", "risk_band"):
        facts = facts.append_column(name, scores[name])
    for name in ("lifecycle_stage", "tier", "value_at_risk"):
        facts = facts.append_column(name, scores[name])
    return facts


def forget(store: Store) -> None:
    """Forget what became of all lists."""
    with store.write() as con:
        con.execute(sa.delete(list_members))
        con.execute(sa.delete(list_builds))


def timed(run: Callable[[], object], times: int = 1) -> float:
    """Return the median seconds of some runs."""
    seconds = []
    for _ in range(times):
        began = perf_counter()
        run()
        seconds.append(perf_counter() - began)
    return statistics.median(seconds)


def bench(n: int, folder: Path) -> list[Row]:
    """Time lists on a store of n customers."""
    with closing(open_store(f"sqlite:///{folder / f'lists-{n}.db'}")) as store:
        facts = prepare(store, n)
        context = RunContext(AS_OF, facts=describe_facts(facts))
        forget(store)
        in_memory = timed(lambda: build_for_publish(store, facts, context))
        before = process_time()
        rebuilt = timed(lambda: lists_now(store))
        busy = process_time() - before
        found = lists_now(store)
        assert {*found} >= {*presets()}
        made = timed(
            lambda: save_list(store, "call_first", CALL_FIRST, who="bench", is_new=True)
        )
        asked = timed(lambda: members_of(store, "call_first", limit=100), times=21)
        owned = timed(
            lambda: members_of(store, "call_first", limit=100, owner="amy"), times=21
        )
        remove_list(store, "call_first")
        few = CustomerFilter(rule=FEW)
        at_first = timed(lambda: customers(store, few, limit=100))
        filtered = timed(lambda: customers(store, few, limit=100), times=21)
        n_few = len(customers(store, few, limit=100).bodies)
        pages = page_rows(store, n)
    sizes = ", ".join(
        f"{name} {each.outcome['n_members']:,}" for name, each in found.items()
    )
    sizes = f"{busy:.1f} s of processor time; {sizes}"
    size = f"{n:,} customers"
    limit = "a limit"
    return [
        *pages,
        limit_row(f"a dynamic list of 100, {size}", asked, 0.1),
        limit_row(f"the same, of one owner, {size}", owned, 0.1),
        limit_row(
            f"a filter that {n_few} of {n:,} meet",
            filtered,
            0.1,
            note=f"{at_first:.3g} s the first time",
        ),
        limit_row(f"all presets from the store, {size}", rebuilt, 30, note=sizes),
        limit_row(f"all presets while publishing, {size}", in_memory, 30),
        Row(f"a new list of 100, {size}", limit, made, None, "", "", ""),
    ]


def page_rows(store: Store, n: int) -> list[Row]:
    """Time the first page of some questions, and one that is in the middle."""
    asked = {
        "by priority": CustomerFilter(),
        "of tier B, by value at risk": CustomerFilter(
            tiers=("B",), sort="-value_at_risk"
        ),
    }
    rows = []
    for name, wanted in asked.items():

        def first(wanted: CustomerFilter = wanted) -> str | None:
            return customers(store, wanted, limit=100).next_cursor

        at_first, cursor = timed(first), first()
        seconds = timed(first, times=21)

        def then(wanted: CustomerFilter = wanted, at: str | None = cursor) -> object:
            return customers(store, wanted, limit=100, cursor=at)

        note = f"{at_first:.3g} s the first time, {timed(then, 21):.3g} s the next page"
        what = f"a page of 100 {name}, {n:,} customers"
        rows.append(limit_row(what, seconds, 0.1, note=note))
    return rows


def limit_row(what: str, seconds: float, limit: float, *, note: str = "") -> Row:
    """Return a row that is judged by a limit in seconds."""
    return Row(
        what,
        "a limit",
        seconds,
        None,
        f"{seconds:.3g} s",
        f"{limit:g} s",
        f"{limit:g} s",
        met=seconds < limit,
        note=note,
    )


if __name__ == "__main__":
    given = sys.argv[1:]
    count = int(given[0]) if given else MILLION
    place = Path(given[1]) if len(given) > 1 else Path(tempfile.mkdtemp())
    sys.stdout.write(as_markdown(bench(count, place)) + "\n")
