"""``regulars serve``: answer over HTTP from the published run."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

import uvicorn

from features.errors import ConfigError
from regulars.commands.score import bundle_source
from regulars.console import stderr
from serving.api.app import ApiSettings, create_app
from serving.store import open_store

if TYPE_CHECKING:
    from regulars.settings import Settings


def serve(settings: Settings) -> None:
    """Serve until Ctrl-C.

    Raises
    ------
    ConfigError
        If the address cannot be listened on.
    StoreError
        If the store cannot be opened.
    """
    with closing(listen(settings.serve.host, settings.serve.port)) as door:
        stderr().print(f"Serving on {address(door)}, docs at {address(door)}/docs")
        answer(settings, door)


def answer(settings: Settings, door: socket.socket) -> None:
    """Answer on an open socket until Ctrl-C."""
    with closing(open_store(settings.store.url)) as store:
        app = create_app(
            store=store, bundles=bundle_source(settings), settings=ApiSettings()
        )
        config = uvicorn.Config(app, log_level="warning", server_header=False)
        try:
            uvicorn.Server(config).run(sockets=[door])
        except KeyboardInterrupt:
            stderr().print("Stopped.")


def listen(host: str, port: int) -> socket.socket:
    """Open the socket before anything else is loaded, so that a taken port is told.

    Raises
    ------
    ConfigError
        If it is taken or not ours.
    """
    try:
        family, kind, _, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        door = socket.socket(family, kind)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(where)
    except OSError as exc:
        raise ConfigError(
            f"Cannot listen on {host}, port {port}: {exc.strerror or exc}.",
            needed="A free port on an address of this machine.",
            todo="Choose others with --host and --port, or under [serve].",
        ) from exc
    return door


def address(door: socket.socket) -> str:
    """Return the URL under which a socket is reached."""
    host, port = door.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
