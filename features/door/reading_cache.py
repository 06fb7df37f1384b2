"""What the door has read before: the good rows of each file, kept under what it held.

A file is known by the hash of its bytes, so that nothing goes stale: what was changed,
however little, is read again, and only that. What the rows also hang on is in the name
they are kept under: the mapping of columns, the fees, the door's own code. Rows of the
future, that a later run will take, are never kept; nor are tables whose rows hang on
one another (customers, logs that name currencies).
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
from features.door.rows.staging import KeptFile, Staging

KEPT_TABLES = frozenset({"transactions", "interactions"})
"""The tables whose rows are judged one by one, and of the future by one column."""


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
class KeptLog:
    """The folder of what was read, and what came of it this time.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    full : bool
        Whether to read everything again.
    code : str
        Stands for the code that reads: what other code has read is read again.
    n_read, n_known : int
        Files that were read, and those that were known.
    """

    folder: Path
    full: bool = False
    code: str = field(default_factory=_own_code)
    n_read: int = 0
    n_known: int = 0


@dataclass(slots=True)
class Shelf:
    """The kept files of one table of one log."""

    log: KeptLog
    folder: Path
    layout: Layout
    rules: Rules
    names: dict[int, str] = field(default_factory=dict)

    def find(self, files: Sequence[OpenFile]) -> dict[int, KeptFile]:
        """Return the files that are known as they are now, by their number."""
        self.names = {n: self._name(file) for n, file in enumerate(files)}
        known = {}
        if not self.log.full:
            for number, name in self.names.items():
                if (kept := self._load(name)) is not None:
                    known[number] = kept
        self.log.n_known += len(known)
        self.log.n_read += len(files) - len(known)
        return known

    def keep(
        self, staging: Staging, files: Sequence[OpenFile], known: Mapping[int, KeptFile]
    ) -> None:
        """Keep what was staged of the other files, and let go of what is gone."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for number, file in enumerate(files):
            name = self.names[number]
            # A file that was changed while it was read is not what its name says.
            if number not in known and self._name(file) == name:
                self._write(staging, number, name)
        wanted = set(self.names.values())
        for path in self.folder.iterdir():
            if path.name.split(".")[0] not in wanted:
                path.unlink(missing_ok=True)

    def _load(self, name: str) -> KeptFile | None:
        rows, facts = self._paths(name)
        try:
            found = json.loads(facts.read_text())
            if _hash(rows) != found["sha256"]:
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        latest = found["latest"]
        if latest and datetime.fromisoformat(latest) > self.rules.now + CLOCK_SKEW:
            return None
        return KeptFile(
            rows=rows,
            accepted=found["accepted"],
            rejected=tuple((fault, n) for fault, n in found["rejected"]),
            examples=tuple(
                (fault, text, row) for fault, text, row in found["examples"]
            ),
        )

    def _write(self, staging: Staging, number: int, name: str) -> None:
        rows, facts = self._paths(name)
        part = self.folder / f"{name}.{uuid4().hex}.part"
        kept, latest = staging.copy_file(number, part)
        if any(
            staging.faults[at].reason.startswith("future_") for at, _ in kept.rejected
        ):
            part.unlink()
            return
        found = {
            "sha256": _hash(part),
            "latest": latest and latest.isoformat(),
            "accepted": kept.accepted,
            "rejected": kept.rejected,
            "examples": kept.examples,
        }
        part.replace(rows)
        part.write_text(json.dumps(found))
        part.replace(facts)

    def _name(self, file: OpenFile) -> str:
        """Return a hash of all that the file's good rows hang on."""
        used = {
            ours: name
            for ours, name in self.layout.theirs.items()
            if name in file.columns
        }
        way = [self.log.code, duckdb.__version__, used, self.rules.not_products]
        text = json.dumps([_hash(file.path), *way], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _paths(self, name: str) -> tuple[Path, Path]:
        return self.folder / f"{name}.parquet", self.folder / f"{name}.json"


def open_shelf(
    kept: KeptLog | None, table: str, path: str, *, layout: Layout, rules: Rules
) -> Shelf | None:
    """Return where the table's files are kept, None where its rows cannot be."""
    if kept is None or table not in KEPT_TABLES or "currency" in layout.theirs:
        return None
    name = f"{table}-{hashlib.sha256(path.encode()).hexdigest()[:16]}"
    return Shelf(kept, kept.folder / name, layout, rules)
