"""Run the app until it is told to stop."""

from __future__ import annotations

import errno
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from fastapi import FastAPI

from features.errors import ConfigError

DRAIN_SECONDS = 10
"""How long running requests may take once a stop is asked for."""


def serve(
    app: FastAPI,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    listener: socket.socket | None = None,
    on_ready: Callable[[str], None] | None = None,
    log_level: str = "info",
) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what is running and return.

    Parameters
    ----------
    app : FastAPI
        From ``create_app``.
    host, port : str, int
        Where to listen; port 0 for any free one.
    listener : socket or None
        A socket that is bound already, instead of host and port.
    on_ready : callable or None
        Told the address once requests are answered.
    log_level : str
        The least that is logged; "info" has a line a request.

    Raises
    ------
    ConfigError
        If the port is taken or the host is not ours.
    """

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started and on_ready is not None:
                on_ready(_address(bound))

    configure_logs(log_level)
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    with listener or _listen(host, port) as bound, _no_second_signal():
        Server(config).run(sockets=[bound])


def configure_logs(level: str = "info") -> None:
    """Write one JSON object a line to stderr; nobody else's settings are touched."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is now
        cache_logger_on_first_use=False,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as exc:
        listener.close()
        taken = exc.errno == errno.EADDRINUSE
        raise ConfigError(
            f"{host}:{port} {'is taken' if taken else 'cannot be listened on'}.",
            needed="An address of this machine and a free port.",
            todo="Choose another, as in --port 8001.",
        ) from exc
    return listener


@contextmanager
def _no_second_signal() -> Iterator[None]:
    """Take the signal that uvicorn raises again once it has stopped: all is done."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {one: signal.signal(one, lambda *_: None) for one in signals}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
