"""Results of cells, on disk: a run that was stopped goes on where it was.

They lie in a folder of the code that they were measured with: another recipe finds
none, and those of the one before stay to be compared with.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from tests.bench.quality.cells import Cell
from tests.bench.quality.judge import Record

ROOT = Path(__file__).resolve().parents[3]
PRODUCT = ("features", "models", "training")
JUDGES = (
    "looks",
    "logs",
    "quality/judge",
    "quality/measures",
    "quality/methods",
    "quality/windows",
    "quality/cnbd",
)
SUFFIXES = (".py", ".sql", ".toml", ".json")


@dataclass(frozen=True, slots=True)
class Results:
    """The results of one state of the code.

    Parameters
    ----------
    folder : Path
        Holds a folder a state.
    code : str
        Stands for the state.
    """

    folder: Path
    code: str

    def read(self, cell: Cell) -> Record | None:
        """Return the figures of a cell, None where it was not measured."""
        path = self._path(cell)
        if not path.exists():
            return None
        record: Record = json.loads(path.read_text(encoding="utf-8"))
        return record

    def write(self, cell: Cell, record: Record) -> None:
        """Keep the figures of a cell: all of them or, if it is stopped, none."""
        path = self._path(cell)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        draft.replace(path)

    def _path(self, cell: Cell) -> Path:
        return self.folder / self.code / f"{cell.key}.json"


def hash_code() -> str:
    """Return what stands for the code that figures hang on."""
    judges = [ROOT / "tests" / "bench" / f"{name}.py" for name in JUDGES]
    product = [path for name in PRODUCT for path in sorted((ROOT / name).rglob("*"))]
    digest = hashlib.sha256()
    for path in (*judges, *product):
        if path.suffix in SUFFIXES and not path.name.startswith("test_"):
            digest.update(str(path.relative_to(ROOT)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
