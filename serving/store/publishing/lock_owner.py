"""Who holds a lock, and whether it is still alive."""

from __future__ import annotations

import os
import socket
from pathlib import Path

PROC = Path("/proc")


def name_process(pid: int | None = None) -> str:
    """Return a name of a living process, ours by default, that no other ever has.

    Empty where the system does not tell (no ``/proc``).
    """
    number = os.getpid() if pid is None else pid
    machine, started = _machine(), _started(number)
    return f"{machine} {number} {started}" if machine and started else ""


def is_dead(name: str) -> bool:
    """Tell whether a process is known to have ended.

    Of a process on another machine, or in another container, nothing is known.
    """
    machine, *numbers = name.rsplit(" ", 2)
    if len(numbers) != 2 or machine != _machine():
        return False
    return _started(int(numbers[0])) != numbers[1]


def _machine() -> str:
    """Name the host, its boot and the space in which process ids count."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = os.readlink(PROC / "self/ns/pid")
    except OSError:
        return ""
    return f"{socket.gethostname()}/{boot}/{space}"


def _started(pid: int) -> str | None:
    """Return when a living process began, in ticks since boot."""
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in {"Z", "X"} else fields[18]
