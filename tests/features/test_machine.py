"""What is free is given back to the system."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from features.machine import give_back_memory

STATM = Path("/proc/self/statm")


@pytest.mark.skipif(not STATM.exists(), reason="the system does not tell (no /proc)")
def test_arrays_that_are_gone_take_no_memory() -> None:
    def memory() -> int:
        return int(STATM.read_text().split()[1]) * 4096

    before = memory()
    arrays = [pa.array(range(10_000)) for _ in range(1_000)]
    n_bytes = memory() - before
    assert n_bytes > 40 << 20
    del arrays
    give_back_memory()
    assert memory() - before < n_bytes / 2
