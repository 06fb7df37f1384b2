"""The machine's cores, and memory returned to it."""

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
    """Return freed memory to the operating system, where it supports that.

    Arrow and the C library hold on to freed memory for reuse. After a step with a high
    peak, other processes need it more.
    """
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc alone has it
    if trim is not None:
        trim(0)
