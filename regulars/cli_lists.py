"""``regulars lists`` and ``regulars export``: their options, and where they lead."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regulars.options import HERE, Config, Json, finish, settings_of


def lists(context: typer.Context, config: Config = HERE, json: Json = False) -> None:
    """Show every list, how long it is and whom it leaves out."""
    settings = settings_of(context, config)
    from regulars.commands.lists import lists as run

    finish(run, settings, as_json=json)


def export(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="LIST", help="The list's name.")],
    kind: Annotated[
        str, typer.Option("--format", metavar="csv|xlsx|parquet", help="Of the file.")
    ] = "csv",
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="By default LIST and the format, here."),
    ] = None,
    owner: Annotated[
        str | None, typer.Option(help="Only the customers of this owner.")
    ] = None,
    language: Annotated[
        str, typer.Option("--lang", metavar="en|zh", help="Of the reasons.")
    ] = "en",
    config: Config = HERE,
    json: Json = False,
) -> None:
    """Write the members of a list to a file that a sheet opens."""
    settings = settings_of(context, config)
    from regulars.commands.export import Wanted
    from regulars.commands.export import export as run

    wanted = Wanted(name, kind, out=out, owner=owner, language=language)
    finish(run, settings, as_json=json, wanted=wanted)
