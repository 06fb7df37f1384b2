"""``regulars audit``: proof on one's own log that no feature sees the future."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.commands.options import train_options
from regulars.console import Steps, print_json, print_table, say
from regulars.log import open_sample, parse_as_of
from training.audit.alteration import ALTERATIONS
from training.audit.audit import Audit, Rebuild
from training.audit.audit import audit as prove
from training.kinds import find_learner

if TYPE_CHECKING:
    from regulars.settings.settings import Settings
    from training.audit.leaky_columns import Suspicions
    from training.audit.leaky_values import Suspect

CLEAN, LEAKS = 0, 1
SHOWN = 10


def audit(settings: Settings, *, as_of: str | None, as_json: bool) -> int:
    """Alter what must not be seen and build again; 1 if anything saw it."""
    instant, options = parse_as_of(as_of), train_options(settings)
    make = find_learner(options.kind, act="audit")
    with Steps() as step:
        step("Reading the log")
        with open_sample(settings) as log:
            learner = make(log, as_of=log.ends_at, options=options)
            result = prove(log, learner.audited(instant), progress=step)
    if as_json:
        print_json(result.to_dict())
    else:
        show_rebuilds(result)
        show_suspicions(result.suspicions)
        say(verdict(result))
    return CLEAN if result.clean else LEAKS


def show_rebuilds(result: Audit) -> None:
    """Print what was altered and what moved."""
    rows = [
        (
            f"{rebuild.alteration}: {ALTERATIONS[rebuild.alteration]}",
            f"{sum(rebuild.rows_altered.values()):,}",
            f"{rebuild.n_compared:,}",
            f"{len(rebuild.moved):,}",
            f"{rebuild.max_difference:g}",
            ", ".join(rebuild.plan_parts_moved) or "the same",
        )
        for rebuild in result.rebuilds
    ]
    columns = {
        "rows not to be seen": "left",
        "altered": "right",
        "values compared": "right",
        "features moved": "right",
        "max difference": "right",
        "plan": "left",
    }
    title = (
        f"Features as of {result.as_of:%Y-%m-%d}, {result.n_customers:,} customers by "
        f"{result.n_features} features, built from the log and from the altered logs"
    )
    print_table(title, columns, rows)
    for rebuild in result.rebuilds:
        show_moved(rebuild)


def show_moved(rebuild: Rebuild) -> None:
    """Print the features that moved the most."""
    for moved in rebuild.moved[:SHOWN]:
        say(
            f"{moved.name} moved for {moved.n_customers:,} customers, by up to "
            f"{moved.max_difference:g}, when rows it must not see were "
            f"{rebuild.alteration}."
        )
    if len(rebuild.moved) > SHOWN:
        say(f"{len(rebuild.moved) - SHOWN} more moved; --json has them all.")
    if rebuild.n_customers_differ:
        say(
            f"{rebuild.n_customers_differ:,} customers came or went when rows not to "
            f"be seen were {rebuild.alteration}."
        )


def show_suspicions(suspicions: Suspicions) -> None:
    """Print what was judged by what it knows of churn, and what knows too much."""
    if suspicions.skipped is not None:
        say(f"No column was judged by what it knows: {suspicions.skipped}.")
        return
    say(
        f"{suspicions.n_columns} columns and every text were judged alone by what they "
        f"know of churn in the {suspicions.origin.horizon_days} days from "
        f"{suspicions.origin.as_of:%Y-%m-%d}: the best is {suspicions.best_column}, "
        f"AUC {suspicions.best_auc:.3f}; all features together have "
        f"{suspicions.model_auc:.3f}; one that alone has {suspicions.threshold:.3f} is "
        "named."
    )
    for suspect in suspicions.suspects[:SHOWN]:
        say(in_words(suspect))


def in_words(suspect: Suspect) -> str:
    """Say what a column knows."""
    if suspect.churn_rate is None or suspect.expected_churn_rate is None:
        knowledge = f"alone has AUC {suspect.auc:.3f}"
    else:
        knowledge = (
            f"is held by {suspect.n_customers:,} customers of whom "
            f"{suspect.churn_rate:.1%} churned, where the other features expect "
            f"{suspect.expected_churn_rate:.1%}"
        )
    return (
        f"{suspect.column} knows the answer: it {knowledge}. If it is written once a "
        "customer has left, leave it out or give the row its known_at."
    )


def verdict(result: Audit) -> str:
    """Say it in a sentence."""
    if not result.blind:
        return "LEAK: features or their plan saw rows that they must not see."
    proof = "No feature of any customer moved, to the last bit, nor did the plan."
    n_suspects = len(result.suspicions.suspects)
    if n_suspects:
        return f"LEAK: {proof} But {n_suspects} know the answer."
    return f"Clean: {proof}"
