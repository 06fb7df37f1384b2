"""The command line of the API's keys."""

from __future__ import annotations

from typing import Annotated

import typer

from regulars.options import HERE, Config, settings_of

keys = typer.Typer(help="Create, list and revoke the API's keys.", no_args_is_help=True)


@keys.command("create")
def create_key(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="Who will hold the key.")],
    scope: Annotated[
        list[str], typer.Option(help="read, predict or admin; may be repeated.")
    ],
    config: Config = HERE,
) -> None:
    """Create a key and show its secret, once."""
    settings = settings_of(context, config)
    from regulars.commands.keys import create

    create(settings, name=name, scopes=scope)


@keys.command("list")
def list_keys(context: typer.Context, config: Config = HERE) -> None:
    """List the keys, without their secrets."""
    settings = settings_of(context, config)
    from regulars.commands.keys import show

    show(settings)


@keys.command("revoke")
def revoke_key(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(help="The id that `keys list` shows.")],
    config: Config = HERE,
) -> None:
    """Revoke a key: it is refused from now on."""
    settings = settings_of(context, config)
    from regulars.commands.keys import revoke

    revoke(settings, key_id=key_id)
