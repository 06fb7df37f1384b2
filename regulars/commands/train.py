"""``regulars train``: fit, judge on a later period, register."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.kind import kind_of
from regulars.commands.options import train_options
from regulars.console import Steps, print_json, print_table, say
from regulars.log import learnt_from, open_log, parse_as_of
from serving.api.pages import render_card
from serving.runs.nightly import note_slow_families
from training.registry import Registered, local_folder, register
from training.train import train as fit
from training.tuning import Budget
from training.tuning import tune as search

if TYPE_CHECKING:
    from features.door.log import AnyLog
    from features.door.log_files import Log
    from regulars.settings.settings import Settings

PROMOTED, NOT_PROMOTED = 0, 1
NAMES = {
    "model": "this model",
    "recency": "days since the last order",
    "rfm": "RFM score",
    "bgnbd": "BG/NBD, Gamma-Gamma",
    "base_rate": "the share that churned, for all",
    "logistic": "logistic regression",
    "tenure": "time as a customer",
    "kaplan_meier": "Kaplan-Meier by tenure",
    "kaplan_meier_plan": "Kaplan-Meier by plan and tenure",
    "tenure_and_plan": "time as a customer and plan",
    "amount": "the amount alone",
}


@dataclass(frozen=True, slots=True)
class Trained:
    """A version that was registered.

    Parameters
    ----------
    card : dict
        What training tells of it, in JSON values.
    registered : Registered
        Its version, and whether it is the champion.
    """

    card: dict[str, Any]
    registered: Registered


def train(
    settings: Settings, *, as_of: str | None, as_json: bool, tune: float | None = None
) -> int:
    """Train and register a version; 1 if the gate refuses to have it served."""
    instant = parse_as_of(as_of)
    with Steps() as step:
        step("Reading the log")
        with open_log(settings) as log:
            at = instant or log.ends_at
            trained = fit_and_register(log, settings, as_of=at, step=step, tune=tune)
    registered = trained.registered
    if as_json:
        print_json(as_values(trained))
    else:
        show_tuning(trained.card)
        show_snapshots(trained.card)
        show_grade(trained.card)
        say(verdict(registered))
    return PROMOTED if registered.promoted else NOT_PROMOTED


def fit_and_register(
    log: AnyLog,
    settings: Settings,
    *,
    as_of: datetime,
    step: Steps,
    tune: float | None = None,
    tuned: dict[str, Any] | None = None,
) -> Trained:
    """Train on an open log as of an instant, and register what came of it.

    ``tune`` is how many minutes to search for parameters before that; ``tuned`` is what
    an earlier search came to, whose parameters are used again. Of very many customers
    some are trained on, with all their rows.
    """
    with learnt_from(log, settings) as own:
        return _fit_and_register(
            own, settings, as_of=as_of, step=step, tune=tune, tuned=tuned
        )


def _fit_and_register(
    log: Log,
    settings: Settings,
    *,
    as_of: datetime,
    step: Steps,
    tune: float | None,
    tuned: dict[str, Any] | None,
) -> Trained:
    options = train_options(settings)

    def tell(text: str) -> None:
        step(f"Training: {text}")

    if tuned is not None:
        parameters = tuned["best_parameters"]
        options = replace(options, parameters=parameters, tuning=tuned)
    if tune is not None:
        tuning = search(
            log,
            as_of=as_of,
            options=options,
            budget=Budget(timedelta(minutes=tune)),
            storage=tuning_storage(settings),
            progress=tell,
        )
        options = replace(
            options, parameters=tuning.parameters, tuning=tuning.to_dict()
        )
    with tempfile.TemporaryDirectory(prefix="regulars-") as folder:
        trained = fit(
            log,
            as_of=as_of,
            folder=Path(folder) / "bundle",
            options=options,
            progress=tell,
        )
        note_slow_families(trained.fitted.model, log, step=step)
        step("Registering the version and its plots")
        registered = register(
            trained,
            tracking_uri=settings.mlflow.tracking_uri,
            gate=options.gate,
            write_page=render_card,
        )
    return Trained(trained.card, registered)


def tuning_storage(settings: Settings) -> str:
    """Return where searches are kept: beside a local MLflow store, or the config."""
    folder = local_folder(settings.mlflow.tracking_uri)
    folder = folder or settings.path.parent / ".regulars"
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'tuning.db'}"


def show_tuning(card: dict[str, Any]) -> None:
    """Print what a search for parameters came to, where there was one."""
    tuning = card.get("tuning")
    if tuning is None:
        return
    if tuning.get("reused_from"):
        say(
            f"Tuning: the parameters of version {tuning['reused_from']} are used again."
        )
        return
    used = "they are used" if tuning["is_used"] else "the usual ones are used"
    where = "out of fold, without the customers held out"
    if kind_of(card).is_judged_later:
        where = (
            f"on the {tuning['judged_days']} days from {tuning['judged_at'][:10]}, "
            "before the holdout"
        )
    say(
        f"Tuning: {tuning['n_trials']} trials, judged {where}. Mean of AUC and "
        f"Gini {tuning['default_value']:.4f} by the usual parameters, "
        f"{tuning['best_value']:.4f} by the best; {tuning['margin']} more is asked, "
        f"with two seeds: {used}."
    )


def as_values(trained: Trained) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    registered = trained.registered
    return {
        "version": registered.version,
        "promoted": registered.promoted,
        "reason": registered.reason,
        "mlflow_run_id": registered.run_id,
        **trained.card,
    }


def show_snapshots(card: dict[str, Any]) -> None:
    """Print the snapshots that the version was trained on, where there are any."""
    if not card["snapshots"]:
        return
    rows = [
        (
            snapshot["as_of"][:10],
            f"{snapshot['horizon_days']} days",
            f"{snapshot['n_customers']:,}",
            f"{snapshot['churn_rate']:.1%}",
        )
        for snapshot in card["snapshots"]
    ]
    columns = {"as of": "left", "horizon": "right", "customers": "right"}
    title = "The training snapshots"
    if "sample" in card:
        sample = card["sample"]
        title += f", of {sample['n_customers']:,} drawn customers"
        title += f" of {sample['of_customers']:,}"
    print_table(title, {**columns, "churned": "right"}, rows)


def show_grade(card: dict[str, Any]) -> None:
    """Print how the model did on the later holdout, beside the simple methods."""
    holdout = card["holdout"]
    if holdout is None:
        say(f"Grade {card['grade']}: nothing was judged. {card['score_basis_reason']}.")
        _show_improvements(card)
        return
    churn, value = holdout["churn"], holdout["value"]
    rows = [
        (method_name(name, holdout), _digits(churn, name, "auc"))
        + (_digits(value, name, "gini"),)
        for name in dict.fromkeys((*churn, *value))
    ]
    title = f"On {holdout['n_customers']:,} customers held out"
    if kind_of(card).is_judged_later:
        title = (
            f"On the later holdout, {holdout['as_of'][:10]} and "
            f"{holdout['horizon_days']} days on: {holdout['n_customers']:,} customers"
        )
    columns = {"method": "left", "churn: AUC": "right", "value: Gini": "right"}
    print_table(title, columns, rows)
    say(f"Grade {holdout['grade']}: {holdout['grade_in_words']['en']}.")
    _show_improvements(card)


def _show_improvements(card: dict[str, Any]) -> None:
    if card["improvements"]:
        say("What would improve it:")
    for text in card["improvements"]:
        say(f"- {text['en']}")
    for text in card.get("warnings", ()):
        say(f"Warning: {text}")


def method_name(name: str, holdout: dict[str, Any]) -> str:
    """Return what a method is called; of the best attribute, which it is."""
    if name == "best_attribute":
        return f"best attribute alone: {holdout['how']['best_attribute']}"
    return NAMES.get(name, name)


def _digits(table: dict[str, Any], name: str, metric: str) -> str:
    return f"{table[name][metric]:.3f}" if name in table else "–"


def verdict(registered: Registered) -> str:
    """Say what became of the version."""
    state = "the champion" if registered.promoted else "not served"
    return f"Version {registered.version} is {state}: {registered.reason}."
