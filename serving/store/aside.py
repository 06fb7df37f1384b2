"""The scores of a run, written by another process while the rest of it is made.

As soon as all customers are scored and ranked, their rows are known, but for a tier
that a scheme changes. What the run knows besides takes as long to work out as some
rows take to write: another core writes meanwhile.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pyarrow as pa
from sqlalchemy.engine import URL

from features.errors import RegularsError, StoreError
from models.scores import RunContext
from serving.store.engine import Store, connect
from serving.store.rows import score_rows
from serving.store.score_rows import ScoreRows
from serving.store.tables import scores
from serving.store.writing import Staged, write_batches

Start = Callable[[RunContext], AbstractContextManager[Staged]]

RENEW_SECONDS = 20.0
"""How often the lock is renewed once all is written."""


@dataclass(slots=True)
class Aside:
    """What writes the scores of one run in another process.

    Parameters
    ----------
    folder : Path
        For files that last as long as this.
    url : URL
        Of the store.
    start : callable
        Takes the lock and begins a run.
    stack : ExitStack
        Left when all is over.
    writers : tuple of int
        The process that writes, once it is begun.
    """

    folder: Path
    url: URL
    start: Start
    stack: ExitStack
    writers: tuple[int, ...] = ()
    _staged: Staged | None = None
    _line: Connection | None = None

    def begin(
        self, paths: Sequence[Path], ranks: pa.Array, context: RunContext
    ) -> None:
        """Begin a run and let its rows be written.

        Parameters
        ----------
        paths : sequence of Path
            Of scores with ``HALVES`` beside, in the order of the run.
        ranks : Array of int, shape (n_customers,)
            Their ``priority``.
        context : RunContext
            What is known of the run so far.

        Raises
        ------
        StoreError
            If another process publishes, or the store fails.
        """
        staged = self.stack.enter_context(self.start(context))
        ours, theirs = get_context("spawn").Pipe()
        url = self.url.render_as_string(hide_password=False)
        process = get_context("spawn").Process(
            target=write_aside, args=(url, staged, paths, ranks, theirs), daemon=True
        )
        process.start()
        self.writers = (process.pid or 0,)
        theirs.close()
        self.stack.callback(process.join)
        self.stack.callback(process.terminate)
        self._staged, self._line = staged, self.stack.enter_context(ours)

    def finish(self) -> Staged | None:
        """Wait until all rows are written; None where none were begun.

        Raises
        ------
        RegularsError
            If they could not be written.
        """
        if self._line is None:
            return None
        try:
            failed: RegularsError | None = self._line.recv()
        except EOFError:
            failed = StoreError(
                "The process that wrote the scores has ended.",
                needed="Memory, and nobody to end it.",
                todo="Start again; what was published before is whole.",
            )
        if failed is not None:
            raise failed
        return self._staged


def write_aside(
    url: str,
    staged: Staged,
    paths: Sequence[Path],
    ranks: pa.Array,
    line: Connection,
) -> None:
    """Write rows, tell of it, and keep the lock until nobody listens any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us ends us
    pa.set_cpu_count(1)
    with closing(Store(connect(url))) as store, suppress(BrokenPipeError):
        failed: RegularsError | None = None
        try:
            start = 0
            for path in paths:
                rows = ScoreRows.stored([path])
                some = ranks.slice(start, rows.num_rows)
                start += rows.num_rows
                batches = score_rows(rows.with_figures({"priority": some}))
                write_batches(store, staged, batches, into=scores)
        except RegularsError as exc:
            failed = exc
        line.send(failed)
        while failed is None and not line.poll(RENEW_SECONDS):
            with store.write() as con:
                staged.lock.renew(con)
