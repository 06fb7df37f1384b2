"""What the commands share: their options, their settings and how they leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars import __version__

if TYPE_CHECKING:
    from regulars.settings.settings import Settings

Config = Annotated[Path, typer.Option("--config", "-c", help="The config file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="Learn or score as of this date, UTC. By default the end of the log.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="FILE.parquet", help="Write the same rows here too."),
]
HERE = Path("regulars.toml")


def show_version(is_wanted: bool) -> None:
    """Print the version and leave."""
    if is_wanted:
        typer.echo(f"regulars {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version", callback=show_version, is_eager=True, help="Print the version."
    ),
]


def front(version: Version = False) -> None:
    """Which customers matter most, which are about to leave, and why."""


def settings_of(
    context: typer.Context,
    config: Path,
    *,
    arguments: Mapping[tuple[str, str], Any] | None = None,
) -> Settings:
    """Read the settings with the environment that ``main`` was given."""
    from regulars.settings.settings import load_settings

    return load_settings(config, context.obj, arguments=arguments)


def finish(run: Callable[..., int], settings: Settings, **options: Any) -> None:
    """Run a command that may say no, and leave with its exit code."""
    raise typer.Exit(run(settings, **options))
