"""Keep rows apart by customers, in the order of the log, in files that have no name."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO

import numpy as np
import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Parts:
    """Rows of some customers each, to be taken once.

    Parameters
    ----------
    files : sequence of file
        Arrow streams.
    """

    files: Sequence[IO[bytes]]

    def take(self, place: int) -> pa.Table:
        """Return the rows of a part, and let them go."""
        with self.files[place] as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return pa.ipc.open_stream(pa.py_buffer(mapped)).read_all()


@contextmanager
def kept_apart(
    reader: pa.RecordBatchReader, *, size: int, n_parts: int
) -> Iterator[Parts]:
    """Put rows, each with its ``customer_no``, into parts of so many customers.

    A file that has no name is gone with its process, whatever ends that.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(n_parts)]
        writers = [pa.ipc.new_stream(file, reader.schema) for file in files]
        for batch in reader:
            for place, rows in enumerate(_split(batch, size)):
                if rows.num_rows:
                    writers[place].write_batch(rows)
        for writer, file in zip(writers, files, strict=True):
            writer.close()
            file.flush()
        yield Parts(files)


def _split(batch: pa.RecordBatch, size: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows of each part, up to the last one that has any."""
    # Numbers this small are sorted by counting, in one pass or two.
    part = (batch["customer_no"].to_numpy() // size).astype(np.uint16)
    rows = batch.take(pa.array(np.argsort(part, kind="stable")))
    start = 0
    for count in np.bincount(part).tolist():
        yield rows.slice(start, count)
        start += count
