"""Parallel scoring: in chunks, on all cores, with all but figures put aside on disk.

A chunk is scored by the very function that scores one customer, so its rows are those
of any other cut. Features are read from files and scores written to files, so that
memory holds some chunks, however many customers there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.machine import cores, give_back_memory
from features.purchases.frame import to_features
from models.bundle.bundle import Bundle
from models.bundle.scoring import rank, score_customers
from models.kind import ServedModel
from models.score.schema import RunContext
from serving.store.json.around_rank import with_halves
from serving.store.json.score_rows import ScoreRows

CUSTOMERS_PER_CHUNK = 20_000
"""Customers scored at a time; a run of no more is scored here and now."""

MIN_CUSTOMERS_FOR_PROCESSES = 100_000
"""Below so many, another process would take longer to start than to help."""


@dataclass(slots=True)
class RunChunks:
    """The features of all customers of a run: some columns here, all of them on disk.

    Parameters
    ----------
    folder : Path
        Where the features are, and the scores will be, a file a chunk.
    names : tuple of str
        All features, in order.
    quantity : ndarray of shape (n_customers,)
        What the tier goes by.
    features : DataFrame of shape (n_customers, n_wanted)
        The features that are wanted of all at once, by ``customer_id``.
    n_chunks : int
    """

    folder: Path
    names: tuple[str, ...] = ()
    quantity: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    features: pd.DataFrame = field(default_factory=pd.DataFrame)
    n_chunks: int = 0

    def features_file(self, number: int) -> Path:
        """Return the file of a chunk's features."""
        return self.folder / f"features-{number}.arrow"

    def scores_file(self, number: int) -> Path:
        """Return the file of a chunk's scores."""
        return self.folder / f"scores-{number}.arrow"


def put_chunks(
    model: ServedModel,
    blocks: Iterable[pa.Table],
    *,
    folder: Path,
    is_wanted: Callable[[str], bool],
) -> RunChunks:
    """Put features aside, and keep what is wanted of all customers at once.

    Parameters
    ----------
    model : ServedModel
    blocks : iterable of Table
        As ``model.read_blocks`` gives them, in the order of the customers.
    folder : Path
    is_wanted : callable
        Tells whether a feature is to be kept here.
    """
    chunks = RunChunks(folder)
    quantities, wanted = [], []
    for block in blocks:
        frame = to_features(block)
        chunks.names = tuple(map(str, frame.columns))
        quantities.append(model.tier_quantity(frame).copy())  # not the whole frame
        columns = [name for name in chunks.names if is_wanted(name)]
        wanted.append(frame[columns].copy())
        for start in range(0, block.num_rows, CUSTOMERS_PER_CHUNK):
            put_aside(
                block.slice(start, CUSTOMERS_PER_CHUNK),
                chunks.features_file(chunks.n_chunks),
            )
            chunks.n_chunks += 1
    if wanted:
        chunks.quantity = np.concatenate(quantities)
        chunks.features = pd.concat(wanted)
    give_back_memory()
    return chunks


def score_chunks(
    bundle: Bundle, chunks: RunChunks, *, context: RunContext
) -> ScoreRows:
    """Score every customer of a run, however many there are.

    Parameters
    ----------
    bundle : Bundle
    chunks : RunChunks
    context : RunContext
        Of the run that the rows are.

    Returns
    -------
    ScoreRows
        In the order of the run.
    """
    if chunks.n_chunks == 1:
        return ScoreRows.of(_score(bundle, _read(chunks.features_file(0)), context))
    if not _score_beside(bundle, chunks, context=context):
        for number in range(chunks.n_chunks):
            _score_aside(
                bundle,
                chunks.features_file(number),
                chunks.scores_file(number),
                context,
            )
    paths = [chunks.scores_file(number) for number in range(chunks.n_chunks)]
    scored = ranked(ScoreRows.stored(paths))
    give_back_memory()
    return scored


def ranked(scored: ScoreRows) -> ScoreRows:
    """Rank all customers, where each chunk has ranked its own."""
    at_risk = scored.figures["value_at_risk"].to_numpy()
    ids = pd.Index(scored.figures["customer_id"].to_numpy(zero_copy_only=False))
    ranks = pa.array(rank(at_risk, ids), pa.int64(), mask=np.isnan(at_risk))
    return scored.with_figures({"priority": ranks})


def put_aside(table: pa.Table, path: Path) -> None:
    """Write a table so that it can be read back as it is."""
    with (
        pa.OSFile(str(path), "wb") as file,
        pa.ipc.new_file(file, table.schema) as out,
    ):
        out.write_table(table)


def _read(path: Path) -> pd.DataFrame:
    with pa.OSFile(str(path), "rb") as file:
        return to_features(pa.ipc.open_file(file).read_all())


def _score(bundle: Bundle, features: pd.DataFrame, context: RunContext) -> pa.Table:
    return score_customers(
        bundle.model,
        features,
        version=bundle.version,
        context=context,
        reasons=bundle.reasons,
    )


def _score_aside(
    bundle: Bundle, features: Path, scores: Path, context: RunContext
) -> None:
    """Score a chunk and write its JSON, but for the rank among all."""
    put_aside(with_halves(_score(bundle, _read(features), context)), scores)


def _score_beside(bundle: Bundle, chunks: RunChunks, *, context: RunContext) -> bool:
    """Score in processes of our own; False where they are not worth it or fail."""
    n_workers = min(cores(), chunks.n_chunks)
    if n_workers < 2 or len(chunks.quantity) < MIN_CUSTOMERS_FOR_PROCESSES:
        return False
    sent = replace(bundle, reference=bundle.reference.head(0), card={})
    try:
        with ProcessPoolExecutor(
            n_workers,
            mp_context=get_context("spawn"),
            initializer=_begin,
            initargs=(sent, context),
        ) as pool:
            _await(
                pool.submit(
                    _score_chunk,
                    chunks.features_file(number),
                    chunks.scores_file(number),
                )
                for number in range(chunks.n_chunks)
            )
    except BrokenProcessPool:  # a script that may not be imported again, or no memory
        return False
    return True


def _await(tasks: Iterator[Future[None]]) -> None:
    for task in list(tasks):
        task.result()


_WORK: list[tuple[Bundle, RunContext]] = []
"""In a process of the pool: what it scores with."""


def _begin(bundle: Bundle, context: RunContext) -> None:
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    pa.set_cpu_count(1)
    _WORK.append((bundle, context))


def _score_chunk(features: Path, scores: Path) -> None:
    ((bundle, context),) = _WORK
    _score_aside(bundle, features, scores, context)
