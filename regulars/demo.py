"""``regulars demo``: the whole way on the sample log, showing what it found."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from features.errors import ConfigError
from regulars.console import Steps, print_table, say, tell

if TYPE_CHECKING:
    from regulars.settings.settings import Settings
    from serving.runs.nightly import PublishedRun

SAMPLE = Path(__file__).resolve().parents[1] / "notebooks" / "data" / "regulars.toml"
"""The sample log's config."""

KEY_NAME = "demo"
MOST_AT_RISK = 10


def demo(settings: Settings, *, serves: bool) -> None:
    """Check, train, score and publish; then answer until Ctrl-C, if wished.

    Raises
    ------
    RegularsError
        If any step says no.
    """
    run = go_the_whole_way(settings)
    show_at_risk(run)
    key = fresh_key(settings)
    customer = most_at_risk(run)[0]["customer_id"]

    def invite(address: str) -> None:
        show_invitation(address, key=key, customer=customer)

    if serves:
        answer_anywhere(settings, invite)
    else:
        host = settings.serve.host
        invite(f"http://{host}:{settings.serve.port}")
        command = shlex.join(["regulars", "serve", "-c", beside(settings.path)])
        say(f"It answers once this runs:\n  {command}")


def go_the_whole_way(settings: Settings) -> PublishedRun:
    """Read, check, train, score and publish, showing each step's answer."""
    from regulars.commands.check import look, show_readiness, show_rows
    from regulars.commands.score import fetch_champion, run_nightly
    from regulars.commands.train import (
        fit_and_register,
        show_grade,
        show_snapshots,
        verdict,
    )
    from regulars.log import open_log

    with Steps() as step:
        step(f"Reading the log that {beside(settings.path)} names")
        with open_log(settings) as log:
            step.end()
            show_rows(log.reports.values())
            show_readiness(look(log, settings))
            trained = fit_and_register(log, settings, as_of=log.ends_at, step=step)
            step.end()
            show_snapshots(trained.card)
            show_grade(trained.card)
            say(verdict(trained.registered))
            bundle = fetch_champion(settings, step=step)
            return run_nightly(log, bundle, settings, as_of=log.ends_at, step=step)


def most_at_risk(run: PublishedRun) -> list[dict[str, Any]]:
    """Return the customers with most value at risk, the most first."""
    import pyarrow.compute as pc

    order = [("value_at_risk", "descending")]
    first = pc.sort_indices(run.rows.figures, order)[:MOST_AT_RISK]
    return list(run.rows.take(first.to_pylist()).to_pylist())


def show_at_risk(run: PublishedRun) -> None:
    """Print whom to call first, and why."""
    money = f" {run.currency}" if run.currency else ""
    rows = [
        (
            row["customer_id"],
            row["tier"],
            as_share(row["churn_probability"]),
            as_money(row["expected_value"]),
            as_money(row["value_at_risk"]),
            first_reason(row),
        )
        for row in most_at_risk(run)
    ]
    columns = {
        "customer": "left",
        "tier": "left",
        "churn": "right",
        f"expected{money}": "right",
        f"at risk{money}": "right",
        "first reason": "left",
    }
    title = f"The {len(rows)} customers with most value at risk"
    print_table(f"{title}, as of {run.as_of:%Y-%m-%d}", columns, rows)


def as_share(value: float | None) -> str:
    """Return a probability as a percentage."""
    return "" if value is None else f"{value:.0%}"


def as_money(value: float | None) -> str:
    """Return an amount without decimals."""
    return "" if value is None else f"{value:,.0f}"


def first_reason(row: dict[str, Any]) -> str:
    """Return the strongest reason in words; where there is none, why not."""
    reasons = row["churn_reasons"] or []
    return reasons[0]["en"] if reasons else (row["score_basis_reason"] or "")


def fresh_key(settings: Settings) -> str:
    """Make a key for this demo and revoke those of demos before it."""
    from serving.store import create_key, list_keys, open_store, revoke_key

    with closing(open_store(settings.store.url)) as store:
        for key in list_keys(store):
            if key.name == KEY_NAME and key.revoked_at is None:
                revoke_key(store, key.key_id)
        return create_key(store, name=KEY_NAME, scopes=["read", "predict"]).secret


def answer_anywhere(settings: Settings, invite: Callable[[str], None]) -> None:
    """Serve on the port that is set, or on a free one if that is taken."""
    from regulars.commands.serve import answer

    try:
        answer(settings, port=settings.serve.port, on_ready=invite, log="warning")
    except ConfigError as exc:
        tell(f"{exc.problem} Taking a free port.")
        answer(settings, port=0, on_ready=invite, log="warning")
    tell("Stopped.")


def show_invitation(address: str, *, key: str, customer: str) -> None:
    """Print the address to open and a line to try."""
    url = f"{address}/v1/customers/{quote(customer, safe='')}"
    line = shlex.join(["curl", "-s", "-H", f"Authorization: Bearer {key}", url])
    say(f"\nOpen {address}/docs, or ask for a customer:\n  {line}\n")


def beside(path: Path) -> str:
    """Return a path as seen from the folder of work, where it is below it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
