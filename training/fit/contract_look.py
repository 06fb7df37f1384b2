"""Count what a log of contracts holds, before it is learnt from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from features.contracts.plan import build_contracts, build_outcomes, plan_contracts
from features.errors import DataError
from training.fit.contract_schedule import OLDEST, SHORTEST, judged_days
from training.fit.recurring import MIN_CUSTOMERS, MIN_OF_EACH

if TYPE_CHECKING:
    from features.door.log import Log


@dataclass(frozen=True, slots=True)
class ContractLook:
    """What a log of contracts holds, before it is learnt from.

    Parameters
    ----------
    history_days : int
    n_customers, n_churned : int
        With a contract at the later snapshot, and those of them that churned.
    n_now : int
        With a contract now.
    days : int
        That a model would learn from; 0 for none.
    needed_days : int
        Of history, at the least.
    has_amount, has_interactions : bool
    plans : tuple of str
    """

    history_days: int
    n_customers: int
    n_churned: int
    n_now: int
    days: int
    needed_days: int
    has_amount: bool
    has_interactions: bool
    plans: tuple[str, ...]

    def refuse(self, *, as_of: datetime) -> DataError:
        """Say why no model can be made."""
        if not self.days:
            return DataError(
                f"The contracts before {as_of:%Y-%m-%d} go back {self.history_days} "
                "days.",
                needed=f"At least {self.needed_days}.",
                todo="Bring older contracts, or train later.",
            )
        stayed = self.n_customers - self.n_churned
        is_enough = self.n_customers >= MIN_CUSTOMERS
        if not is_enough or min(self.n_churned, stayed) < MIN_OF_EACH:
            return DataError(
                f"{self.n_customers:,} customers had a contract {2 * self.days} days "
                f"earlier, and {self.n_churned:,} of them churned within {self.days} "
                "days.",
                needed=f"At least {MIN_CUSTOMERS}, of them {MIN_OF_EACH} churned and "
                f"{MIN_OF_EACH} stayed.",
                todo="Bring contracts that ended too, or ask for a longer horizon: "
                "[model] horizon_days",
            )
        return DataError(
            f"No contract is active at {as_of:%Y-%m-%d}.",
            needed="Customers to foretell.",
            todo="Train as of an earlier day: --as-of",
        )

    def notes(self, horizon_days: int) -> list[str]:
        """Say what was looked at, and what would help."""
        notes = [
            f"The plans: {', '.join(self.plans)}."
            if self.plans
            else "There is one plan.",
            "A contract's amount is a month's."
            if self.has_amount
            else "No amounts are given: values count months, and nobody is above tier "
            "C.",
        ]
        days = self.days
        if days:
            then = (
                f"Then is {2 * days} days before the end of the log; who had no "
                f"contract {days} days later churned."
            )
            notes.insert(0, then)
        if 0 < days < horizon_days:
            notes.append(
                f"The history is short: {days} days are learnt from, and stepped up to "
                f"{horizon_days}."
            )
        if not self.has_interactions:
            notes.append("Interactions, such as complaints, would help.")
        return notes


def look_at_contracts(log: Log, *, as_of: datetime, horizon_days: int) -> ContractLook:
    """Count what a model would learn from."""
    days = judged_days(starts_at=log.starts_at, as_of=as_of, horizon_days=horizon_days)
    then = as_of - timedelta(days=2 * days if days else min(horizon_days, SHORTEST))
    plan = plan_contracts(log, as_of=as_of, horizon_days=horizon_days)
    frame = build_contracts(log, plan, as_of=[then, as_of])
    instants = frame.index.get_level_values("as_of")
    before = frame[instants == instants.min()].droplevel("as_of")
    is_there = len(before) > 0 and instants.nunique() > 1
    outcomes = build_outcomes(log, plan, as_of=then, days=days or 1, known_before=as_of)
    churned = outcomes["churned"]
    if is_there:
        churned = churned.reindex(before.index)
    return ContractLook(
        history_days=max((as_of - log.starts_at).days, 0),
        n_customers=len(before) if is_there else 0,
        n_churned=int(churned.sum()) if is_there else 0,
        n_now=int((instants == instants.max()).sum()) if len(frame) else 0,
        days=days,
        needed_days=3 * min(SHORTEST, horizon_days) + OLDEST,
        has_amount=plan.has_amount,
        has_interactions=plan.has_interactions,
        plans=plan.levels,
    )
