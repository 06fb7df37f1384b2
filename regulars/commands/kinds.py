"""What differs from command to command where churn is not learnt from purchases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.attributes.survey import AttributeWish
from features.errors import ConfigError
from features.purchases.readiness import Minimum
from training.attribute_train import (
    LEAST,
    LEAST_OF_EACH,
    AttributeOptions,
    look_at_attributes,
    train_attributes,
)
from training.contract_train import (
    LEAST as LEAST_HOLDERS,
)
from training.contract_train import (
    ContractOptions,
    look_at_contracts,
    train_contracts,
)
from training.grading import Gate
from training.label_leaks import warn_of

if TYPE_CHECKING:
    from features.door.log_files import Log
    from regulars.settings.settings import Settings
    from training.judged import Version


@dataclass(frozen=True, slots=True)
class KindReadiness:
    """Whether a table can carry a model, and why; as ``features.purchases.readiness``.

    Parameters
    ----------
    minimums : tuple of Minimum
    ready : bool
    facts : mapping
    notes : tuple of str
    would_help : mapping
    """

    minimums: tuple[Minimum, ...]
    ready: bool
    facts: Mapping[str, Any]
    notes: tuple[str, ...]
    would_help: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def look_at_kind(log: Log, settings: Settings) -> KindReadiness:
    """Compare what the tables hold with what a model of the kind needs."""
    if settings.model.kind == "subscriptions":
        return _look_at_subscriptions(log, settings)
    return _look_at_labels(log, settings)


def train_kind(
    log: Log,
    settings: Settings,
    *,
    as_of: datetime,
    folder: Path,
    progress: Callable[[str], None],
) -> Version:
    """Train a version of the kind."""
    if settings.model.kind == "subscriptions":
        return train_contracts(
            log,
            as_of=as_of,
            folder=folder,
            options=contract_options(settings),
            progress=progress,
        )
    options = attribute_options(settings)
    return train_attributes(
        log, as_of=as_of, folder=folder, options=options, progress=progress
    )


def attribute_options(settings: Settings) -> AttributeOptions:
    """Return what the settings say of attributes and their label."""
    model = settings.model
    wish = AttributeWish(
        label=model.label,
        churned=model.churned,
        monthly_amount=model.monthly_amount,
        sensitive=model.sensitive,
        leave_out=model.leave_out,
    )
    return AttributeOptions(
        horizon_days=model.horizon_days,
        wish=wish,
        seed=model.seed,
        gate=Gate(**settings.gate.model_dump()),
    )


def contract_options(settings: Settings) -> ContractOptions:
    """Return what the settings say of contracts."""
    return ContractOptions(
        horizon_days=settings.model.horizon_days,
        seed=settings.model.seed,
        gate=Gate(**settings.gate.model_dump()),
    )


def refuse_kind(settings: Settings, *, command: str, why: str) -> None:
    """Refuse a command that makes no sense for the kind.

    Raises
    ------
    ConfigError
        If the kind is not purchases.
    """
    if settings.model.kind != "purchases":
        raise ConfigError(
            f"`regulars {command}` was asked for with [model] kind = "
            f'"{settings.model.kind}".',
            needed=f"It is for purchases only: {why}.",
            todo="`regulars train` judges this kind and shows how in its card.",
        )


def _look_at_labels(log: Log, settings: Settings) -> KindReadiness:
    options = attribute_options(settings)
    rows = look_at_attributes(log, as_of=log.ends_at, options=options)
    known = rows.survey.churned[rows.known]
    n, n_left, n_used = len(known), int(known.sum()), len(rows.plan.used)
    minimums = (
        Minimum("customers with a label", LEAST, n, n >= LEAST),
        Minimum("of them churned", LEAST_OF_EACH, n_left, n_left >= LEAST_OF_EACH),
        Minimum(
            "of them stayed", LEAST_OF_EACH, n - n_left, n - n_left >= LEAST_OF_EACH
        ),
        Minimum("attributes to learn from", 1, n_used, n_used > 0),
    )
    survey = rows.survey
    notes = [
        f"The label is {survey.label}: {n_left:,} of {n:,} churned, and "
        f"{len(rows.X) - n:,} customers without one are scored only.",
        f"A month's amount is {survey.amount}."
        if survey.amount
        else "No monthly amount was found: values count months, and nobody is above "
        "tier C. Name one with [model] monthly_amount.",
        f"Learnt from: {', '.join(rows.plan.used)}.",
        *(f"{name} is left out: {why}." for name, why in _others(rows)),
        *(f"Warning: {each}" for each in warn_of(rows.leaks)),
    ]
    if settings.data.transactions is not None:
        notes.append("transactions are not used by a model of labels.")
    return KindReadiness(
        minimums=minimums,
        ready=all(each.met for each in minimums),
        facts={
            "customers": len(rows.X),
            "labelled": n,
            "churned": n_left,
            "label": survey.label,
            "monthly_amount": survey.amount,
            "tenure": survey.tenure,
            "used": list(rows.plan.used),
            "left_out": dict(rows.plan.left_out),
        },
        notes=tuple(notes),
        would_help={},
    )


def _look_at_subscriptions(log: Log, settings: Settings) -> KindReadiness:
    horizon = settings.model.horizon_days
    look = look_at_contracts(log, as_of=log.ends_at, horizon_days=horizon)
    stayed = look.n_customers - look.n_churned
    asked = (
        ("days of contracts", look.needed_days, look.history_days),
        ("customers with a contract then", LEAST_HOLDERS, look.n_customers),
        ("of them churned", LEAST_OF_EACH, look.n_churned),
        ("of them stayed", LEAST_OF_EACH, stayed),
        ("customers with a contract now", 1, look.n_now),
    )
    minimums = tuple(
        Minimum(name, least, found, found >= least) for name, least, found in asked
    )
    days = look.days
    notes = [
        f"The plans: {', '.join(look.plans)}." if look.plans else "There is one plan.",
        "A contract's amount is a month's."
        if look.has_amount
        else "No amounts are given: values count months, and nobody is above tier C.",
    ]
    if days:
        notes.insert(
            0,
            f"Then is {2 * days} days before the end of the log; who had no contract "
            f"{days} days later churned.",
        )
    if 0 < days < horizon:
        notes.append(
            f"The history is short: {days} days are learnt from, and stepped up to "
            f"{horizon}."
        )
    if not look.has_interactions:
        notes.append("Interactions, such as complaints, would help.")
    return KindReadiness(
        minimums=minimums,
        ready=all(each.met for each in minimums),
        facts={
            "customers": look.n_now,
            "history_days": look.history_days,
            "learnt_days": days,
            "plans": list(look.plans),
        },
        notes=tuple(notes),
        would_help={},
    )


def _others(rows: Any) -> list[tuple[str, str]]:
    return [pair for pair in rows.plan.left_out if pair[0] not in rows.leaks]
