"""The bundle: one folder that holds all that is served of a model version.

Boosters are LightGBM's own text, everything else JSON or Parquet: nothing in it can run
code. The manifest names each file with its size and SHA-256. A bundle is used only once
its hashes, the structure of its trees and its golden predictions have checked.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.errors import BundleError
from models.kind import KINDS, ChurnKind, ServedModel, kind_of
from models.parts.tree_text import check_trees
from models.words.reasons import ReasonTable

SCHEMA = 1
MANIFEST = "manifest.json"
FILES = (
    "model.json",
    "features.sql",
    "reasons.json",
    "card.json",
    "usual.parquet",
    "reference.parquet",
    "golden.parquet",
)
BOOSTERS = {"churn": "churn.txt", "value": "value.txt"}
"""LightGBM's text, where a model and no simple method is served."""

HELD = (MANIFEST, *FILES, *BOOSTERS.values())
"""Whatever a bundle may hold."""

MOST_BYTES = 256 * 1024 * 1024
GOLDEN_ROWS = 32
GOLDEN = ("churn_probability", "expected_value", "value_low", "value_high")
TOLERANCE = 1e-9
TODO = "Pull the version again, or train a new one; the one in service stays."


@dataclass(frozen=True, slots=True)
class Bundle:
    """A checked bundle, ready to score.

    Parameters
    ----------
    version : str
        Of the registered model.
    manifest : mapping
        What ``manifest.json`` holds.
    card : mapping
        What is told of the model: data, snapshots, holdout, grade.
    model : ServedModel
    reasons : ReasonTable
    reference : DataFrame
        Features of some of the customers that it was fitted for.
    """

    version: str
    manifest: Mapping[str, Any]
    card: Mapping[str, Any]
    model: ServedModel
    reasons: ReasonTable
    reference: pd.DataFrame

    @property
    def kind(self) -> ChurnKind:
        """The kind of churn that its model predicts."""
        return KINDS[self.model.kind]


def save_bundle(
    folder: Path,
    model: ServedModel,
    *,
    reference: pd.DataFrame,
    card: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> str:
    """Write a bundle into an empty folder.

    Parameters
    ----------
    folder : Path
    model : ServedModel
    reference : DataFrame
        Features of customers, indexed by ``customer_id``; the first rows become the
        golden ones. The ids are not written.
    card : mapping
    facts : mapping
        What the manifest says beside the hashes: as_of, fingerprint, libraries.

    Returns
    -------
    str
        SHA-256 of the manifest, which stands for the whole bundle.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for target, booster in model.boosters.items():
        booster.save_model(str(folder / BOOSTERS[target]))
    _write(folder / "model.json", _dumps(model.to_dict()))
    _write(folder / "features.sql", model.plan.sql)
    _write(folder / "reasons.json", _dumps(ReasonTable.load().to_dict()))
    _write(folder / "card.json", _dumps(card))
    model.usual.to_parquet(folder / "usual.parquet")
    sample = reference[list(model.plan.names)].reset_index(drop=True)
    sample.to_parquet(folder / "reference.parquet")
    rows = sample.head(GOLDEN_ROWS)
    golden = rows.assign(**_golden(_restore(folder), rows))
    golden.to_parquet(folder / "golden.parquet")
    boosters = [BOOSTERS[target] for target in model.boosters]
    files = {name: _describe(folder / name) for name in (*boosters, *FILES)}
    manifest = _dumps({"schema": SCHEMA, **facts, "files": files})
    _write(folder / MANIFEST, manifest)
    return hashlib.sha256(manifest.encode()).hexdigest()


def load_bundle(folder: Path, *, version: str, sha256: str | None = None) -> Bundle:
    """Check a bundle and make it ready.

    Parameters
    ----------
    folder : Path
    version : str
        Of the registered model.
    sha256 : str or None
        Of the manifest, as the registry has it; None to trust the folder's own.

    Returns
    -------
    Bundle

    Raises
    ------
    BundleError
        If a file is missing, added, altered or malformed, a tree could not be walked,
        or the golden rows do not give the golden predictions.
    """
    manifest = _read_manifest(folder, sha256)
    _check_files(folder, manifest.get("files"))
    try:
        for name in BOOSTERS.values():
            if (folder / name).is_file():
                check_trees((folder / name).read_text(encoding="utf-8"), name=name)
        bundle = Bundle(
            version=version,
            manifest=manifest,
            card=_read_json(folder / "card.json"),
            model=_restore(folder),
            reasons=ReasonTable.from_dict(_read_json(folder / "reasons.json")),
            reference=pd.read_parquet(folder / "reference.parquet"),
        )
        golden = pd.read_parquet(folder / "golden.parquet")
        scored = _golden(bundle.model, golden)
        odd = [name for name in GOLDEN if not _agree(scored[name], golden[name])]
    except BundleError:
        raise
    except Exception as exc:  # a forged file may trip any line
        raise BundleError(
            f"The bundle of version {version} cannot be restored: "
            f"{type(exc).__name__}.",
            todo=TODO,
        ) from exc
    if odd:
        raise BundleError(
            f"The bundle of version {version} gives another {odd[0]} for its golden "
            "rows than when it was saved.",
            needed=f"They must agree within {TOLERANCE}.",
            todo=TODO,
        )
    return bundle


def _agree(scored: Any, golden: pd.Series[float]) -> bool:
    expected = golden.to_numpy(dtype=np.float64)
    return np.allclose(scored, expected, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)


def _golden(model: ServedModel, rows: pd.DataFrame) -> dict[str, Any]:
    forecast = model.predict(model.design(rows))
    return {name: getattr(forecast, name) for name in GOLDEN}


def _restore(folder: Path) -> ServedModel:
    boosters = {
        target: lgb.Booster(model_str=(folder / name).read_text("utf-8"))
        for target, name in BOOSTERS.items()
        if (folder / name).is_file()
    }
    values = _read_json(folder / "model.json")
    return kind_of(values).restore(
        values,
        sql=(folder / "features.sql").read_text(encoding="utf-8"),
        boosters=boosters,
        usual=pd.read_parquet(folder / "usual.parquet"),
    )


def _read_manifest(folder: Path, sha256: str | None) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file() or path.is_symlink() or path.stat().st_size > MOST_BYTES:
        raise BundleError(f"There is no {MANIFEST} in {folder}.", todo=TODO)
    raw = path.read_bytes()
    if sha256 is not None and hashlib.sha256(raw).hexdigest() != sha256:
        raise BundleError(
            f"{MANIFEST} is not the one that was registered.",
            needed="Its SHA-256 must be the registry's.",
            todo=TODO,
        )
    try:
        manifest = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise BundleError(f"{MANIFEST} is not JSON.", todo=TODO) from exc
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise BundleError(
            f"{MANIFEST} is of another make.",
            needed=f"This program reads schema {SCHEMA}.",
            todo="Use the program's version that made the bundle, or train again.",
        )
    return manifest


def _check_files(folder: Path, listed: Any) -> None:
    listed = listed if isinstance(listed, dict) else {}
    present = {entry.name for entry in os.scandir(folder)} - {MANIFEST}
    needed = {*FILES, *set(listed) & set(BOOSTERS.values())}
    if set(listed) != needed or present != needed:
        odd = sorted(present ^ needed | set(listed) ^ needed)
        raise BundleError(
            f"The bundle misses or adds: {', '.join(odd)}.",
            needed=f"It holds {MANIFEST} and {', '.join(FILES)}.",
            todo=TODO,
        )
    for name, facts in listed.items():
        if not _is_kept(folder / name, facts):
            raise BundleError(
                f"{name} is not the file that was saved.",
                needed="Its size and SHA-256 must be the manifest's.",
                todo=TODO,
            )


def _is_kept(path: Path, facts: Any) -> bool:
    """Tell whether a file is as the manifest says; a giant or a pipe is not read."""
    if not path.is_file() or path.is_symlink() or path.stat().st_size > MOST_BYTES:
        return False
    return bool(_describe(path) == facts)


def _describe(path: Path) -> dict[str, Any]:
    raw = path.read_bytes()
    return {"sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}


def _dumps(values: Any) -> str:
    return json.dumps(values, ensure_ascii=False, allow_nan=False, sort_keys=True)


def _read_json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
