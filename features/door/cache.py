"""A cache of the accepted rows of each file, so that only changed files are read.

The key is a hash of the file's bytes and of all else that decides what its rows become:
the mapping of columns, the products set aside, the door's own code. A file with rows of
the future, which a later run will accept, is never cached; nor are tables whose rows
depend on one another (customers, logs that name currencies).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import uuid4

import duckdb

from features.door.files.parquet import OpenFile
from features.door.layout import Layout
from features.door.rows.faults import CLOCK_SKEW, Rules
from features.door.rows.staging import CachedFile, Staging

CACHEABLE_TABLES = frozenset({"transactions", "interactions"})
"""The tables whose rows are checked independently, and for the future by one column."""


@cache
def _own_code() -> str:
    return hash_code(Path(__file__).parent)


def hash_code(folder: Path) -> str:
    """Return a hash of the Python files below a folder, names and contents."""
    files = sorted(folder.rglob("*.py"))
    text = "".join(f"{path.relative_to(folder)} {_hash(path)}\n" for path in files)
    return hashlib.sha256(text.encode()).hexdigest()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(slots=True)
class ReadCache:
    """The folder of cached files, and how many of them were used this time.

    Parameters
    ----------
    folder : Path
        Created if it does not exist.
    full : bool
        Whether to read everything again.
    code : str
        A hash of the code that reads: entries of other code are not used.
    n_read, n_cached : int
        Files that were read, and those that came from the cache.
    """

    folder: Path
    full: bool = False
    code: str = field(default_factory=_own_code)
    n_read: int = 0
    n_cached: int = 0


@dataclass(slots=True)
class TableCache:
    """The cached files of one table of one log."""

    cache: ReadCache
    folder: Path
    layout: Layout
    rules: Rules
    names: dict[int, str] = field(default_factory=dict)

    def find(self, files: Sequence[OpenFile]) -> dict[int, CachedFile]:
        """Return the files whose present content is cached, by their number."""
        self.names = {n: self._name(file) for n, file in enumerate(files)}
        cached = {}
        if not self.cache.full:
            for number, name in self.names.items():
                if (entry := self._load(name)) is not None:
                    cached[number] = entry
        self.cache.n_cached += len(cached)
        self.cache.n_read += len(files) - len(cached)
        return cached

    def keep(
        self,
        staging: Staging,
        files: Sequence[OpenFile],
        cached: Mapping[int, CachedFile],
    ) -> None:
        """Cache what was staged of the other files, and delete what is out of date."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for number, file in enumerate(files):
            name = self.names[number]
            # A file that was changed while it was read is not what its name says.
            if number not in cached and self._name(file) == name:
                self._write(staging, number, name)
        wanted = set(self.names.values())
        for path in self.folder.iterdir():
            if path.name.split(".")[0] not in wanted:
                path.unlink(missing_ok=True)

    def _load(self, name: str) -> CachedFile | None:
        rows, facts = self._paths(name)
        try:
            entry = json.loads(facts.read_text())
            if _hash(rows) != entry["sha256"]:
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        latest = entry["latest"]
        if latest and datetime.fromisoformat(latest) > self.rules.now + CLOCK_SKEW:
            return None
        return CachedFile(
            rows=rows,
            accepted=entry["accepted"],
            rejected=tuple((fault, n) for fault, n in entry["rejected"]),
            examples=tuple(
                (fault, text, row) for fault, text, row in entry["examples"]
            ),
        )

    def _write(self, staging: Staging, number: int, name: str) -> None:
        rows, facts = self._paths(name)
        part = self.folder / f"{name}.{uuid4().hex}.part"
        cached, latest = staging.copy_file(number, part)
        if any(
            staging.faults[at].reason.startswith("future_") for at, _ in cached.rejected
        ):
            part.unlink()
            return
        entry = {
            "sha256": _hash(part),
            "latest": latest and latest.isoformat(),
            "accepted": cached.accepted,
            "rejected": cached.rejected,
            "examples": cached.examples,
        }
        part.replace(rows)
        part.write_text(json.dumps(entry))
        part.replace(facts)

    def _name(self, file: OpenFile) -> str:
        """Return a hash of all that the file's accepted rows depend on."""
        used = {
            ours: name
            for ours, name in self.layout.theirs.items()
            if name in file.columns
        }
        dependencies = [
            self.cache.code,
            duckdb.__version__,
            used,
            self.rules.not_products,
        ]
        text = json.dumps([_hash(file.path), *dependencies], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _paths(self, name: str) -> tuple[Path, Path]:
        return self.folder / f"{name}.parquet", self.folder / f"{name}.json"


def open_table_cache(
    cache: ReadCache | None, table: str, path: str, *, layout: Layout, rules: Rules
) -> TableCache | None:
    """Return the cache of a table's files, None where its rows cannot be cached."""
    if cache is None or table not in CACHEABLE_TABLES or "currency" in layout.theirs:
        return None
    name = f"{table}-{hashlib.sha256(path.encode()).hexdigest()[:16]}"
    return TableCache(cache, cache.folder / name, layout, rules)
