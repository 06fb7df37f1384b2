"""Train on a log of contracts: judge on a later day, fit, write the bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from features.contracts.plan import build_contracts, build_outcomes, plan_contracts
from features.door.log import Log
from features.errors import DataError
from models.recurring.model import MONTH_DAYS
from training.contract_fit import ContractFit, fit_contracts, read_outcomes
from training.contract_judge import judge_contracts
from training.contract_schedule import OLDEST, SHORTEST, judged_days
from training.core import MODEL
from training.grading import Gate
from training.mixed_card import write_mixed_card
from training.mixed_holdout import MixedHoldout
from training.mixed_version import MixedFitted, MixedVersion, save_version
from training.schedule import Origin

Progress = Callable[[str], None]

LEAST, LEAST_OF_EACH = 200, 30
"""Customers with a contract, and churned and not churned ones, that a model needs."""


@dataclass(frozen=True, slots=True)
class ContractOptions:
    """How to train.

    Parameters
    ----------
    horizon_days : int
    seed : int
    gate : Gate
    """

    horizon_days: int
    seed: int = 0
    gate: Gate = Gate()


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


def look_at_contracts(log: Log, *, as_of: datetime, horizon_days: int) -> ContractLook:
    """Count what a model would learn from."""
    days = judged_days(starts_at=log.starts_at, as_of=as_of, horizon_days=horizon_days)
    then = as_of - timedelta(days=2 * days if days else min(horizon_days, SHORTEST))
    plan = plan_contracts(log, as_of=as_of, horizon_days=horizon_days)
    frame = build_contracts(log, plan, as_of=[then, as_of])
    instants = frame.index.get_level_values("as_of")
    before = frame[instants == instants.min()].droplevel("as_of")
    is_there = len(before) > 0 and instants.nunique() > 1
    found = build_outcomes(log, plan, as_of=then, days=days or 1, known_before=as_of)
    churned = found["churned"].reindex(before.index) if is_there else found["churned"]
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


def train_contracts(
    log: Log,
    *,
    as_of: datetime,
    folder: Path,
    options: ContractOptions,
    progress: Progress = lambda step: None,
) -> MixedVersion:
    """Judge, fit and write a bundle; as ``training.train.train``.

    Raises
    ------
    DataError
        If the history is too short, or too few customers stayed or churned.
    """
    progress("looking at the contracts")
    look = look_at_contracts(log, as_of=as_of, horizon_days=options.horizon_days)
    check_look(look, as_of=as_of)
    days, seed = look.days, options.seed
    origin = Origin(as_of - timedelta(days=days), days)
    with threadpool_limits(1, "blas"):  # small matrices: threads only wait for others
        progress(f"as of {origin.as_of:%Y-%m-%d}, to be judged on what followed")
        early = fit_contracts(
            log, cutoff=origin.as_of, days=days, horizon_days=days, seed=seed
        )
        truth = read_outcomes(
            log,
            early.plan,
            early.X,
            origin=origin,
            known=as_of,
        )
        holdout = judge_contracts(log, early, truth, origin=origin, gate=options.gate)
        served = holdout.served["churn"]
        progress("the same with all contracts")
        final = fit_contracts(
            log,
            cutoff=as_of,
            days=days,
            horizon_days=options.horizon_days,
            seed=seed,
            served="" if served == MODEL else served,
        )
    progress("writing the bundle")
    card = _card(log, final, holdout, options=options, as_of=as_of)
    fitted = MixedFitted(final.model, final.X)
    return save_version(folder, fitted, holdout, card=card, seed=seed)


def check_look(look: ContractLook, *, as_of: datetime) -> None:
    """Refuse what no model can be made of."""
    if not look.days:
        raise DataError(
            f"The contracts before {as_of:%Y-%m-%d} go back {look.history_days} days.",
            needed=f"At least {look.needed_days}.",
            todo="Bring older contracts, or train later.",
        )
    stayed = look.n_customers - look.n_churned
    if look.n_customers < LEAST or min(look.n_churned, stayed) < LEAST_OF_EACH:
        raise DataError(
            f"{look.n_customers:,} customers had a contract {2 * look.days} days "
            f"earlier, and {look.n_churned:,} of them churned within {look.days} days.",
            needed=f"At least {LEAST}, of them {LEAST_OF_EACH} churned and "
            f"{LEAST_OF_EACH} stayed.",
            todo="Bring contracts that ended too, or ask for a longer horizon: "
            "[model] horizon_days",
        )
    if not look.n_now:
        raise DataError(
            f"No contract is active at {as_of:%Y-%m-%d}.",
            needed="Customers to foretell.",
            todo="Train as of an earlier day: --as-of",
        )


def _card(
    log: Log,
    final: ContractFit,
    holdout: MixedHoldout,
    *,
    options: ContractOptions,
    as_of: datetime,
) -> dict[str, Any]:
    plan = final.model.plan
    snapshots = [
        {
            "as_of": each.as_of.isoformat(),
            "horizon_days": each.horizon_days,
            "n_customers": len(final.past[each].X),
            "churn_rate": float(final.past[each].churned.mean()),
        }
        for each in final.origins.snapshots
    ]
    facts = {
        "customers": len(final.X),
        "plans": list(plan.categories.get("plan", ())),
        "has_amounts": plan.amount is not None,
        "months_in_horizon": options.horizon_days / MONTH_DAYS,
        "season_shift": final.season,
    }
    return write_mixed_card(
        log,
        final.model,
        final.X,
        as_of=as_of,
        holdout=holdout,
        snapshots=snapshots,
        facts=facts,
        seed=options.seed,
        more={"training_rows": sum(each["n_customers"] for each in snapshots)},
    )
