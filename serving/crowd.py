"""Score a crowd: in chunks, on all cores, with what is done put aside on disk.

A chunk is scored by the very function that scores one customer, so its rows are those
of any other cut. What comes back is mapped from files that are gone once nobody reads
them: memory holds what is looked at.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from models.bundle import Bundle
from models.scores import SCORE_SCHEMA, RunContext
from models.scoring import rank, score_customers

CHUNK = 20_000
"""Customers scored at a time; a run of no more is scored here and now."""

LEAST_FOR_PROCESSES = 100_000
"""Below so many, another process would take longer to start than to help."""


def score_crowd(
    bundle: Bundle, features: pd.DataFrame, *, context: RunContext
) -> pa.Table:
    """Score every row of a feature table, however many there are.

    Parameters
    ----------
    bundle : Bundle
    features : DataFrame of shape (n_customers, n_features)
        Indexed by ``customer_id``.
    context : RunContext
        Of the run that the rows are.

    Returns
    -------
    Table of shape (n_customers, n_columns)
        In ``SCORE_SCHEMA``, in the order of the features.
    """
    if len(features) <= CHUNK:
        return _score(bundle, features, context)
    chunks = [
        features.iloc[start : start + CHUNK] for start in range(0, len(features), CHUNK)
    ]
    with tempfile.TemporaryDirectory(prefix="regulars-") as name:
        folder = Path(name)
        if not _score_beside(bundle, chunks, context=context, folder=folder):
            for number, chunk in enumerate(chunks):
                _put_aside(_score(bundle, chunk, context), folder, number)
        scored = pa.concat_tables(_take_up(folder, len(chunks)))
    return ranked(scored, features.index)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _score(bundle: Bundle, features: pd.DataFrame, context: RunContext) -> pa.Table:
    return score_customers(
        bundle.model,
        features,
        version=bundle.version,
        context=context,
        reasons=bundle.reasons,
    )


def _score_beside(
    bundle: Bundle, chunks: list[pd.DataFrame], *, context: RunContext, folder: Path
) -> bool:
    """Score in processes of our own; False where they are not worth it or fail."""
    n_workers = min(cores(), len(chunks))
    if n_workers < 2 or sum(map(len, chunks)) < LEAST_FOR_PROCESSES:
        return False
    sent = replace(bundle, reference=bundle.reference.head(0), card={})
    try:
        with ProcessPoolExecutor(
            n_workers,
            mp_context=get_context("spawn"),
            initializer=_begin,
            initargs=(sent, context, folder),
        ) as pool:
            waiting: list[Future[None]] = []
            for number, chunk in enumerate(chunks):
                waiting.append(pool.submit(_score_chunk, number, chunk))
                if len(waiting) > n_workers:
                    waiting.pop(0).result()
            for one in waiting:
                one.result()
    except BrokenProcessPool:  # a script that may not be imported again, or no memory
        return False
    return True


def _put_aside(scored: pa.Table, folder: Path, number: int) -> None:
    path = folder / f"{number}.arrow"
    with (
        pa.OSFile(str(path), "wb") as file,
        pa.ipc.new_file(file, scored.schema) as out,
    ):
        out.write_table(scored)


def _take_up(folder: Path, n_chunks: int) -> Iterator[pa.Table]:
    """Map each chunk; the map outlives the file's name."""
    for number in range(n_chunks):
        with pa.memory_map(str(folder / f"{number}.arrow")) as file:
            yield pa.ipc.open_file(file).read_all()


def ranked(scored: pa.Table, customer_id: pd.Index) -> pa.Table:
    """Rank all customers, where each chunk has ranked its own."""
    at_risk = scored["value_at_risk"].to_numpy()
    place = SCORE_SCHEMA.get_field_index("priority")
    ranks = pa.array(rank(at_risk, customer_id), pa.int64(), mask=np.isnan(at_risk))
    return scored.set_column(place, SCORE_SCHEMA.field(place), ranks)


_WORK: list[tuple[Bundle, RunContext, Path]] = []
"""In a process of the pool: what it scores with, and where it puts it."""


def _begin(bundle: Bundle, context: RunContext, folder: Path) -> None:
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    pa.set_cpu_count(1)
    _WORK.append((bundle, context, folder))


def _score_chunk(number: int, features: pd.DataFrame) -> None:
    ((bundle, context, folder),) = _WORK
    _put_aside(_score(bundle, features, context), folder, number)
