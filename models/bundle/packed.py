"""A bundle on its way to the workers, and what a worker does with it.

A worker has neither a registry nor a store: the bundle's files come to it as bytes, and
are checked there as they are anywhere else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from features.purchases.frame import to_frame
from models.bundle.bundle import HELD, Bundle, load_bundle
from models.bundle.scoring import score_customers, without_rank
from models.score.schema import SCORE_SCHEMA, RunContext


@dataclass(frozen=True, slots=True)
class PackedBundle:
    """The files of a bundle as bytes.

    Parameters
    ----------
    version : str
        Of the registered model.
    sha256 : str
        Of the manifest, as the registry has it.
    files : mapping
        Name to content.
    """

    version: str
    sha256: str
    files: Mapping[str, bytes] = field(repr=False)

    def unpack(self) -> Bundle:
        """Check the files and make the bundle ready.

        Raises
        ------
        BundleError
            If a byte is not as it was registered.
        """
        with tempfile.TemporaryDirectory(prefix="regulars-bundle-") as folder:
            for name, content in self.files.items():
                (Path(folder) / name).write_bytes(content)
            return load_bundle(Path(folder), version=self.version, sha256=self.sha256)


def pack_bundle(folder: Path, *, version: str, sha256: str) -> PackedBundle:
    """Read the files of a bundle, to be checked where they arrive."""
    present = (folder / name for name in HELD)
    files = {path.name: path.read_bytes() for path in present if path.is_file()}
    return PackedBundle(version, sha256, files)


@dataclass(frozen=True, slots=True)
class BatchScorer:
    """Scores customers a batch at a time; ``mapInArrow`` takes it to the workers.

    Parameters
    ----------
    packed : PackedBundle
    context : RunContext
        Of the run that all batches belong to: a score does not hang on its batch.
    """

    packed: PackedBundle
    context: RunContext

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Score each batch of features; ``priority`` is left unknown."""
        bundle = _unpack_once(_Key(self.packed))
        for batch in batches:
            if batch.num_rows:
                yield from self._score(bundle, batch).to_batches()

    def _score(self, bundle: Bundle, batch: pa.RecordBatch) -> pa.Table:
        features = to_frame(pa.Table.from_batches([batch])).droplevel("as_of")
        scores = score_customers(
            bundle.model,
            features,
            version=bundle.version,
            context=self.context,
            reasons=bundle.reasons,
        )
        return without_rank(scores).cast(SCORE_SCHEMA)


@dataclass(frozen=True, slots=True)
class _Key:
    """A packed bundle, known by its hash."""

    packed: PackedBundle

    def __hash__(self) -> int:
        return hash((self.packed.version, self.packed.sha256))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.packed == other.packed


@lru_cache(maxsize=1)
def _unpack_once(key: _Key) -> Bundle:
    """Keep the bundle for the batches and tasks to come."""
    return key.packed.unpack()
