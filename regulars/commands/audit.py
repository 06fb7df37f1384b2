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
            found = prove(log, learner.audited(instant), progress=step)
    if as_json:
        print_json(found.to_dict())
    else:
        show_rebuilds(found)
        show_suspicions(found.suspicions)
        say(verdict(found))
    return CLEAN if found.clean else LEAKS


def show_rebuilds(found: Audit) -> None:
    """Print what was altered and what moved."""
    rows = [
        (
            f"{each.alteration}: {ALTERATIONS[each.alteration]}",
            f"{sum(each.rows_altered.values()):,}",
            f"{each.n_compared:,}",
            f"{len(each.moved):,}",
            f"{each.max_difference:g}",
            ", ".join(each.plan_parts_moved) or "the same",
        )
        for each in found.rebuilds
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
        f"Features as of {found.as_of:%Y-%m-%d}, {found.n_customers:,} customers by "
        f"{found.n_features} features, built from the log and from the altered logs"
    )
    print_table(title, columns, rows)
    for each in found.rebuilds:
        show_moved(each)


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


def show_suspicions(found: Suspicions) -> None:
    """Print what was judged by what it knows of churn, and what knows too much."""
    if found.skipped is not None:
        say(f"No column was judged by what it knows: {found.skipped}.")
        return
    say(
        f"{found.n_columns} columns and every text were judged alone by what they know "
        f"of churn in the {found.origin.horizon_days} days from "
        f"{found.origin.as_of:%Y-%m-%d}: the best is {found.best_column}, AUC "
        f"{found.best_auc:.3f}; all features together have {found.model_auc:.3f}; one "
        f"that alone has {found.threshold:.3f} is named."
    )
    for suspect in found.suspects[:SHOWN]:
        say(in_words(suspect))


def in_words(suspect: Suspect) -> str:
    """Say what a column knows."""
    if suspect.churn_rate is None or suspect.expected_churn_rate is None:
        known = f"alone has AUC {suspect.auc:.3f}"
    else:
        known = (
            f"is held by {suspect.n_customers:,} customers of whom "
            f"{suspect.churn_rate:.1%} churned, where the other features expect "
            f"{suspect.expected_churn_rate:.1%}"
        )
    return (
        f"{suspect.column} knows the answer: it {known}. If it is written once a "
        "customer has left, leave it out or give the row its known_at."
    )


def verdict(found: Audit) -> str:
    """Say it in a sentence."""
    if not found.blind:
        return "LEAK: features or their plan saw rows that they must not see."
    proof = "No feature of any customer moved, to the last bit, nor did the plan."
    n_suspects = len(found.suspicions.suspects)
    if n_suspects:
        return f"LEAK: {proof} But {n_suspects} know the answer."
    return f"Clean: {proof}"
