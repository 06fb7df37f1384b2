"""Give memory that is free back to the system.

Arrow and the C library keep what was freed, to use it again. After a step that takes
much and leaves little, other processes need it more.
"""

from __future__ import annotations

import ctypes

import pyarrow as pa


def give_back_memory() -> None:
    """Return what is kept free, as far as the system lets it."""
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc alone has it
    if trim is not None:
        trim(0)
