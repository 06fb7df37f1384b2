"""A shop's folder: its log, its config, and a registry of three versions."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from training.champion import MODEL_NAME
from training.registry import SHA256_TAG, connect

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from tests.buyers import Rows
    from tests.conftest import Registry

SOUND, SPOILT = "2", "3"
"""Versions beside the first: one with its bundle, one with another's seal."""


@dataclass(frozen=True, slots=True)
class Shop:
    """Where a shop is.

    Parameters
    ----------
    config : Path
    tracking_uri, store_url : str
    """

    config: Path
    tracking_uri: str
    store_url: str

    def registry(self) -> MlflowClient:
        """Return a client of its registry."""
        return connect(self.tracking_uri)


def open_shop(folder: Path, rows: Rows, *, more: str = "") -> Shop:
    """Write the log and its config into a folder."""
    for name in ("transactions", "interactions"):
        pq.write_table(
            pa.Table.from_pylist(list(getattr(rows, name))), folder / f"{name}.parquet"
        )
    config = folder / "regulars.toml"
    config.write_text(
        '[data]\ntransactions = "transactions.parquet"\n'
        'interactions = "interactions.parquet"\n'
        '[model]\nhorizon_days = 60\n[store]\nurl = "sqlite:///scores.db"\n' + more
    )
    return Shop(
        config,
        f"sqlite:///{folder / 'mlflow' / 'regulars.db'}",
        f"sqlite:///{folder / 'scores.db'}",
    )


def stock(shop: Shop, registry: Registry) -> None:
    """Give a shop the trained version three times, the last one spoilt."""
    path = Path(shop.tracking_uri.removeprefix("sqlite:///"))
    path.parent.mkdir()
    shutil.copy(registry.tracking_uri.removeprefix("sqlite:///"), path)
    client = shop.registry()
    first = client.get_model_version(MODEL_NAME, registry.registered.version)
    for version in (SOUND, SPOILT):
        sha256 = first.tags[SHA256_TAG] if version == SOUND else "0" * 64
        created = client.create_model_version(
            MODEL_NAME, str(first.source), first.run_id, tags={SHA256_TAG: sha256}
        )
        assert str(created.version) == version
    client.set_registered_model_alias(MODEL_NAME, "challenger", SOUND)
