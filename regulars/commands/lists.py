"""``regulars lists``: which lists there are, and how long they are and should be."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from regulars.console import print_json, print_table, say
from serving.queries.lists.build import ListInRun, lists_now
from serving.queries.lists.profit import ListProfit, profit_of
from serving.store import open_store
from serving.store.lists import sync_lists

if TYPE_CHECKING:
    from regulars.settings.settings import Settings


def lists(settings: Settings, *, as_json: bool) -> int:
    """Show every list as of the published run."""
    with closing(open_store(settings.store.url)) as store:
        sync_lists(store, settings.lists)
        by_name = lists_now(store)
        profits = {
            name: profit_of(store, name)
            for name, in_run in by_name.items()
            if in_run.stored.definition.action is not None
        }
    if as_json:
        print_json(
            {
                "lists": [summary(in_run) for in_run in by_name.values()],
                "profit": {name: profit.to_dict() for name, profit in profits.items()},
            }
        )
        return 0
    run = next(iter(by_name.values())).run
    print_table(
        f"Lists as of {run.as_of:%Y-%m-%d}, run {run.run_id}",
        {"list": "left", "members": "right", "candidates": "right"}
        | {"left out": "left", "from": "left"},
        [table_row(in_run) for in_run in by_name.values()],
    )
    for name, profit in profits.items():
        say(in_words(name, profit))
    return 0


def summary(in_run: ListInRun) -> dict[str, Any]:
    """Return what ``--json`` prints of one list."""
    return {
        "name": in_run.stored.name,
        "source": in_run.stored.source,
        "run_id": in_run.run.run_id,
        "as_of": in_run.run.as_of,
        "definition": in_run.stored.definition.to_dict(),
        **in_run.outcome,
    }


def table_row(in_run: ListInRun) -> tuple[object, ...]:
    """Return one line of the table."""
    outcome = in_run.outcome
    if outcome["fault"]:
        left_out = outcome["fault"]
    elif outcome["needs"]:
        left_out = f"needs {' or '.join(outcome['needs'])}"
    else:
        counts = {**outcome["excluded"], "beyond the limit": outcome["n_beyond"]}
        shown = [f"{n:,} {why.replace('_', ' ')}" for why, n in counts.items() if n]
        left_out = ", ".join(shown) or "nobody"
    return (
        in_run.stored.name,
        f"{outcome['n_members']:,}",
        f"{outcome['n_candidates']:,}",
        left_out,
        in_run.stored.source,
    )


def in_words(name: str, profit: ListProfit) -> str:
    """Say how long a list should be."""
    curve, currency = profit.curve, profit.currency or ""
    ends = {
        "profit": "the next customer would bring nothing",
        "capacity": "that is the capacity",
        "budget": "that is the budget",
        "customers": "there are no more customers",
    }
    text = (
        f"{name}: contact the first {curve.length:,} of {len(profit.customers):,} by"
        f" expected profit, for {curve.length * curve.cost:,.2f} {currency}: expected"
        f" profit {curve.total:,.2f} {currency}; {ends[curve.ended_by]}."
    )
    if curve.ended_by == "budget" and curve.next_unit is not None:
        text += f" One more {currency or 'unit'} of budget would bring"
        text += f" {curve.next_unit:,.2f}."
    rate = f"{profit.action.save_rate:.0%}"
    return f"{text} Save rate {rate}, from the {profit.save_rate_from}."
