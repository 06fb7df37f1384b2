"""A client that keeps some connections busy for some seconds, in a process of its own.

``python -m tests.bench.load`` reads one JSON object from stdin (``Load``) and writes
one to stdout (``Answered``). It waits on plain sockets: a client that costs more than
the server would measure itself.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of a server.

    Parameters
    ----------
    port : int
        On 127.0.0.1.
    requests : list of str
        Whole HTTP/1.1 requests, sent in turn.
    connections : int
        Each has one request under way at a time.
    seconds : float
        How long is measured, after a tenth of it that is not.
    """

    port: int
    requests: list[str] = field(repr=False)
    connections: int = 8
    seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: answers a second, and how long the half and 99 of 100 took."""

    per_second: float
    p50_ms: float
    p99_ms: float
    n: int
    statuses: dict[str, int]
    body: str


def get(path: str, *, headers: dict[str, str] | None = None) -> str:
    """Return a GET as it is sent."""
    lines = [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: bench", *lines, "", ""])


def post(path: str, body: str, *, headers: dict[str, str] | None = None) -> str:
    """Return a POST of JSON as it is sent."""
    length = len(body.encode())
    kind = {"Content-Type": "application/json", "Content-Length": str(length)}
    lines = [f"{name}: {value}" for name, value in (kind | (headers or {})).items()]
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: bench", *lines, "", body])


def measure(load: Load) -> Answered:
    """Put a load on a server from another process."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        input=json.dumps(asdict(load)),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60 + 3 * load.seconds,
    )
    return Answered(**json.loads(run.stdout))


class _Connection:
    """One socket with one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self.got = b""

    def ask(self, request: bytes) -> None:
        self.got = b""
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> bool:
        """Take what has come; tell whether the answer is whole."""
        more = self.socket.recv(1 << 18)
        if not more:
            raise ConnectionError("the server hung up")
        self.got += more
        end = self.got.find(b"\r\n\r\n")
        if end < 0:
            return False
        at = self.got.lower().find(b"content-length:", 0, end)
        length = int(self.got[at + 15 : self.got.find(b"\r\n", at)]) if at >= 0 else 0
        return len(self.got) >= end + 4 + length


def run(load: Load) -> Answered:
    """Ask until the time is over."""
    requests = cycle([request.encode() for request in load.requests])
    connections = [_Connection(load.port) for _ in range(load.connections)]
    took: list[float] = []
    statuses: dict[str, int] = {}
    with selectors.DefaultSelector() as ready:
        for one in connections:
            ready.register(one.socket, selectors.EVENT_READ, one)
            one.ask(next(requests))
        start = time.perf_counter() + load.seconds / 10
        now, last = 0.0, b""
        while now < start + load.seconds or not took:
            for key, _ in ready.select():
                one = key.data
                if not one.read():
                    continue
                now, last = time.perf_counter(), one.got
                if one.began >= start:
                    took.append(now - one.began)
                    status = last[9:12].decode()
                    statuses[status] = statuses.get(status, 0) + 1
                one.ask(next(requests))
    for one in connections:
        one.socket.close()
    took.sort()
    return Answered(
        per_second=len(took) / (now - start),
        p50_ms=1000 * took[len(took) // 2],
        p99_ms=1000 * took[len(took) * 99 // 100],
        n=len(took),
        statuses=statuses,
        body=last.partition(b"\r\n\r\n")[2].decode(),
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(run(Load(**json.load(sys.stdin))))))
