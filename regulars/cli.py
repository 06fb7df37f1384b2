"""The command line. Each command is a module in ``regulars/commands``."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from features.errors import ConfigError, RegularsError
from regulars.cli_keys import keys
from regulars.cli_lists import export, lists
from regulars.options import HERE, AsOf, Config, Json, Out, finish, front, settings_of
from regulars.quiet import hush_third_parties

DONE, SAID_NO, BAD_USAGE, STOPPED = 0, 1, 2, 130
INTERRUPTED = "Query interrupted"
"""What DuckDB raises, as RuntimeError, where Ctrl-C finds it at work."""

app = typer.Typer(
    name="regulars",
    callback=front,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(keys, name="keys")
app.command()(lists)
app.command()(export)


@app.command()
def init(
    sales: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A file of purchases to map."),
    ] = None,
    config: Config = HERE,
) -> None:
    """Write a commented config, with the columns of FILE mapped as far as known."""
    from regulars.commands.init import init as run

    run(sales, config=config)


@app.command()
def check(context: typer.Context, config: Config = HERE, json: Json = False) -> None:
    """Read the log and report what was accepted, what not, and if it is enough."""
    settings = settings_of(context, config)
    from regulars.commands.check import check as run

    finish(run, settings, as_json=json)


@app.command()
def train(
    context: typer.Context,
    config: Config = HERE,
    as_of: AsOf = None,
    tune: Annotated[
        float | None,
        typer.Option(
            metavar="MINUTES", min=0, help="Search for parameters for so long before."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Train on the log, judge on a later holdout, and register what passes."""
    settings = settings_of(context, config)
    from regulars.commands.train import train as run

    finish(run, settings, as_json=json, as_of=as_of, tune=tune)


@app.command()
def backtest(
    context: typer.Context,
    config: Config = HERE,
    origins: Annotated[
        int, typer.Option(metavar="N", min=1, help="Look from so many instants.")
    ] = 3,
    embargo: Annotated[
        int,
        typer.Option(
            metavar="DAYS", min=0, help="Learn only from what ended so long before."
        ),
    ] = 0,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Fit and judge at several earlier instants, and show how far results vary."""
    settings = settings_of(context, config)
    from regulars.commands.backtest import backtest as run

    finish(run, settings, as_json=json, as_of=as_of, origins=origins, embargo=embargo)


@app.command()
def audit(
    context: typer.Context,
    config: Config = HERE,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Prove on the log that no feature sees the future, and name what knows it."""
    settings = settings_of(context, config)
    from regulars.commands.audit import audit as run

    finish(run, settings, as_json=json, as_of=as_of)


@app.command()
def promote(
    context: typer.Context,
    version: Annotated[
        str | None,
        typer.Argument(metavar="[VERSION]", help="By default the newest fit."),
    ] = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Go back to the champion before.")
    ] = False,
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Recorded in MLflow.")
    ] = None,
    scores: Annotated[
        bool, typer.Option("--score", help="Score and publish with it at once.")
    ] = False,
    config: Config = HERE,
    json: Json = False,
) -> None:
    """Make a version the champion: the next scoring publishes with it."""
    settings = settings_of(context, config)
    from regulars.commands.promote import Choice
    from regulars.commands.promote import promote as run

    choice = Choice(version, rollback=rollback, reason=reason, scores=scores)
    finish(run, settings, as_json=json, choice=choice)


@app.command()
def retrain(
    context: typer.Context,
    config: Config = HERE,
    as_of: AsOf = None,
    out: Out = None,
    json: Json = False,
) -> None:
    """Check, train, judge, promote, score and publish; made for a scheduler."""
    settings = settings_of(context, config)
    from regulars.commands.retrain import retrain as run

    finish(run, settings, as_json=json, as_of=as_of, out=out)


@app.command()
def score(
    context: typer.Context,
    config: Config = HERE,
    as_of: AsOf = None,
    out: Out = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Read every file again, known or not."),
    ] = False,
    json: Json = False,
) -> None:
    """Score every customer with the champion and publish the run."""
    settings = settings_of(context, config)
    from regulars.commands.score import score as run

    finish(run, settings, as_json=json, as_of=as_of, out=out, full=full)


@app.command()
def report(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="By default the reports are listed."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="json, csv or html."),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="A past run. By default the published one."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write it here.")] = None,
    config: Config = HERE,
    json: Json = False,
) -> None:
    """Show a report of the published run, or list the reports."""
    settings = settings_of(context, config)
    from regulars.commands.report import Wanted
    from regulars.commands.report import report as show

    wanted = Wanted(name, format=form, run_id=run, out=out)
    finish(show, settings, as_json=json, wanted=wanted)


@app.command()
def replay(
    context: typer.Context,
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    run: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="A past run. By default the published one."),
    ] = None,
    config: Config = HERE,
    json: Json = False,
) -> None:
    """Make a past score again from the log, and compare it byte for byte."""
    settings = settings_of(context, config)
    from regulars.commands.replay import replay as again

    finish(again, settings, as_json=json, customer_id=customer, run_id=run)


@app.command()
def serve(
    context: typer.Context,
    config: Config = HERE,
    host: Annotated[str | None, typer.Option(help="Listen on this address.")] = None,
    port: Annotated[int | None, typer.Option(help="Listen on this port.")] = None,
) -> None:
    """Answer over HTTP from the published run until Ctrl-C."""
    options = {("serve", "host"): host, ("serve", "port"): port}
    settings = settings_of(context, config, arguments=options)
    from regulars.commands.serve import serve as run

    run(settings)


@app.command()
def demo(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", help="A config file. By default the sample log's."
        ),
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Stay up and answer over HTTP.")
    ] = True,
) -> None:
    """Check, train, score, publish and serve the sample log, and show what it found."""
    from regulars.demo import SAMPLE
    from regulars.demo import demo as run

    run(settings_of(context, config or SAMPLE), serves=serve)


def main(
    args: Sequence[str] | None = None, environ: Mapping[str, str] | None = None
) -> int:
    """Run one command.

    Parameters
    ----------
    args : sequence of str, optional
        The command and its options; by default the process's own.
    environ : mapping, optional
        The environment that settings are read from; by default the process's own.

    Returns
    -------
    int
        0 done, 1 the data or the gate said no, 2 bad usage or config, 130 Ctrl-C.
    """
    hush_third_parties()
    words = sys.argv[1:] if args is None else list(args)
    try:
        app(words, prog_name="regulars", obj=os.environ if environ is None else environ)
    except RegularsError as error:
        return refuse(error, as_json="--json" in words)
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else SAID_NO
    except RuntimeError as error:
        if str(error) != INTERRUPTED:
            raise
        return STOPPED
    return DONE


def refuse(error: RegularsError, *, as_json: bool) -> int:
    """Show an error without a traceback and return its exit code."""
    from regulars.console import print_error, print_json

    print_error(error)
    if as_json:
        parts = {"given": error.problem, "needed": error.needed, "todo": error.todo}
        print_json({"error": {"kind": type(error).__name__, **parts}})
    return BAD_USAGE if isinstance(error, ConfigError) else SAID_NO
