"""Paths and addresses of a config file, made absolute."""

from __future__ import annotations

from pathlib import Path

SQLITE = "sqlite:///"


def resolve_path(path: str, folder: Path) -> str:
    """Return ``path``, a path or glob, seen from ``folder``.

    >>> resolve_path("logs/*.csv", Path("/shop"))
    '/shop/logs/*.csv'
    >>> resolve_path("/logs/*.csv", Path("/shop"))
    '/logs/*.csv'
    """
    return str(folder / Path(path).expanduser())


def resolve_url(url: str, folder: Path) -> str:
    """Return ``url`` with the path of a SQLite file seen from ``folder``.

    >>> resolve_url("sqlite:///scores.db", Path("/shop"))
    'sqlite:////shop/scores.db'
    >>> resolve_url("sqlite:////data/scores.db", Path("/shop"))
    'sqlite:////data/scores.db'
    >>> resolve_url("postgresql+psycopg://db/scores", Path("/shop"))
    'postgresql+psycopg://db/scores'
    """
    if not url.startswith(SQLITE):
        return url
    file, mark, options = url.removeprefix(SQLITE).partition("?")
    return f"{SQLITE}{(folder / file).resolve()}{mark}{options}"
