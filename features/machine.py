"""What is had of the machine: how many cores, and memory that is given back."""

from __future__ import annotations

import ctypes
import os

import pyarrow as pa


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def give_back_memory() -> None:
    """Return what is kept free to the system, as far as it lets us.

    Arrow and the C library keep what was freed, to use it again. After a step that
    takes much and leaves little, other processes need it more.
    """
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc alone has it
    if trim is not None:
        trim(0)
