"""Servers for the benchmarks, each a process of its own on a port of loopback."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.load import ROOT

START_SECONDS = 120
STOP_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    port: int
    process: psutil.Process

    def memory(self) -> tuple[float, float]:
        """Return the resident and the proportional memory of all its processes, MB."""
        each = [self.process, *self.process.children(recursive=True)]
        full = [one.memory_full_info() for one in each]
        return sum(m.rss for m in full) / 1e6, sum(m.pss for m in full) / 1e6

    def threads(self) -> int:
        """Return how many threads it has, processes started by it among them."""
        each = [self.process, *self.process.children(recursive=True)]
        return sum(one.num_threads() for one in each)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serving(
    arguments: Sequence[str], *, port: int, environ: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Start a Python module, wait until it listens on ``port``, and stop it by its id.

    Parameters
    ----------
    arguments : sequence of str
        After ``python -m``.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **_paths(), **(environ or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(process, port)
        yield Server(port, psutil.Process(process.pid))
    finally:
        _stop(process)


def _paths() -> dict[str, str]:
    """Return where programs are found: those of this environment first."""
    programs = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    return {"PATH": os.pathsep.join(programs), "PYTHONPATH": str(ROOT)}


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} does not answer")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the process and those that it started: they are a session of their own."""
    for word in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, word)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return


def bare(body: Path, port: int) -> list[str]:
    """Return how a bare FastAPI is started that answers with the bytes of a file."""
    return ["tests.bench.bare", str(body), str(port)]
