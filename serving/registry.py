"""Read versions from MLflow, and keep what was read so that serving needs no MLflow."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
import warnings
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from features.errors import BundleError

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from models.bundle.bundle import Bundle
    from models.bundle.packed import PackedBundle

MODEL_NAME = "regulars"
CHAMPION = "champion"
SHA256_TAG = "bundle_sha256"
SEAL = "sha256"


class BundleSource:
    """Verified bundles by version, from a cache on disk or from the registry.

    Parameters
    ----------
    tracking_uri : str
        Of the MLflow store.
    cache : Path
        Folder for bundles; one tracking URI has a folder of its own in it.
    """

    def __init__(self, tracking_uri: str, cache: Path) -> None:
        self._tracking_uri = tracking_uri
        self._cache = cache / hashlib.sha256(tracking_uri.encode()).hexdigest()[:12]
        self._lock = threading.Lock()
        self._loaded: dict[str, Bundle] = {}

    def champion(self) -> str:
        """Return the version that is to be served.

        Raises
        ------
        BundleError
            If none was promoted yet.
        """
        from mlflow.exceptions import MlflowException

        try:
            champion = self._client().get_model_version_by_alias(MODEL_NAME, CHAMPION)
        except MlflowException as exc:
            raise BundleError(
                "There is no champion.",
                needed="A model version with the alias `champion`.",
                todo="Train one: regulars train",
            ) from exc
        return str(champion.version)

    def get(self, version: str) -> Bundle:
        """Return the bundle of a version, checked.

        Raises
        ------
        BundleError
            If it is not there, damaged or altered, in the cache and in the registry.
        """
        with self._lock:
            if version not in self._loaded:
                self._loaded = {version: self._read(version)}
            return self._loaded[version]

    def pack(self, version: str) -> PackedBundle:
        """Return the files of a version, to be checked where they arrive.

        Raises
        ------
        BundleError
            As ``get`` does.
        """
        from models.bundle.packed import pack_bundle

        self.get(version)
        folder = self._cache / version
        sha256 = (folder / SEAL).read_text(encoding="utf-8").strip()
        return pack_bundle(folder / "bundle", version=version, sha256=sha256)

    def _read(self, version: str) -> Bundle:
        from models.bundle.bundle import load_bundle  # with all that models stand on

        folder = self._cache / version
        seal = folder / SEAL
        if seal.is_file():
            sha256 = seal.read_text(encoding="utf-8", errors="replace").strip()
            try:
                return load_bundle(folder / "bundle", version=version, sha256=sha256)
            except BundleError:
                shutil.rmtree(folder)  # the registry has it whole, or says why not
        return self._pull(version)

    def _pull(self, version: str) -> Bundle:
        """Copy a version from the registry, check it, and only then keep it."""
        from mlflow.exceptions import MlflowException

        from models.bundle.bundle import load_bundle

        client = self._client()
        try:
            registered = client.get_model_version(MODEL_NAME, version)
        except MlflowException as exc:
            raise BundleError(
                f"The registry has no version {version}.",
                todo="See the versions in MLflow, or train one: regulars train",
            ) from exc
        sha256 = registered.tags.get(SHA256_TAG)
        if sha256 is None:
            raise BundleError(
                f"Version {version} has no {SHA256_TAG} in the registry.",
                needed="Every version that `regulars train` registers has one.",
                todo="Promote another version.",
            )
        self._cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._cache) as aside:
            folder = Path(aside) / version
            self._download(f"{registered.source}/bundle", folder / "bundle", version)
            bundle = load_bundle(folder / "bundle", version=version, sha256=sha256)
            (folder / SEAL).write_text(sha256, encoding="utf-8")
            place = self._cache / version
            shutil.rmtree(place, ignore_errors=True)
            with suppress(OSError):  # another program has just put it there
                os.replace(folder, place)
        return bundle

    def _download(self, source: str, folder: Path, version: str) -> None:
        from mlflow.artifacts import download_artifacts, list_artifacts
        from mlflow.exceptions import MlflowException

        folder.mkdir(parents=True)
        try:
            for file in list_artifacts(source, tracking_uri=self._tracking_uri):
                _check_listed(PurePosixPath(file.path).name, file.file_size)
            got = Path(
                download_artifacts(
                    artifact_uri=source,
                    dst_path=str(folder.parent / "download"),
                    tracking_uri=self._tracking_uri,
                )
            )
            shutil.copytree(got, folder, dirs_exist_ok=True, symlinks=True)
        except (MlflowException, OSError) as exc:
            raise BundleError(
                f"The files of version {version} cannot be fetched: "
                f"{type(exc).__name__}.",
                todo="Check that the registry and its artifact store can be reached.",
            ) from exc
        shutil.rmtree(folder.parent / "download", ignore_errors=True)

    def _client(self) -> MlflowClient:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # mlflow's own, on import
            from mlflow import MlflowClient
        return MlflowClient(self._tracking_uri, self._tracking_uri)


def _check_listed(name: str, n_bytes: int | None) -> None:
    """Refuse to fetch what no bundle holds; a folder has no size."""
    from models.bundle.bundle import HELD, MOST_BYTES

    if name not in HELD or n_bytes is None or n_bytes > MOST_BYTES:
        raise BundleError(
            f"{name} is no file of a bundle, or too large for one.",
            needed=f"A bundle holds {', '.join(HELD)}.",
            todo="Promote another version.",
        )
