"""A session on a Spark master, or on a Spark Connect server."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from features.errors import ConfigError, DataError
from features.spark.java import java_home

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CONNECT = "sc://"
SHIPPED = ("features", "models")
"""Our packages that the workers need."""

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.requireAllClusterKeysForCoPartition": "false",
    "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "false",
}
"""Settings that results or the number of shuffles depend on; the user owns the rest."""

MEMORY = "spark.driver.memory"
DRIVER_MEMORY_SHARE = 0.5
"""Of this machine's memory, for a Spark that runs in it: its own 1 GB is too little."""

ON_MASTER = {
    # A customer's features are joined of dozens of sorted streams, each with pages of
    # up to 64 MB: with more memory Spark makes larger ones, and runs out of it again.
    "spark.buffer.pageSize": "2m",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}


def open_session(address: str) -> SparkSession:
    """Open a session, and send our code to its workers.

    Parameters
    ----------
    address : str
        A master, such as ``spark://host:7077`` or ``local[2]``, or a Spark Connect
        server, such as ``sc://host:15002``.

    Raises
    ------
    ConfigError
        If PySpark or Java is not there.
    DataError
        If nobody answers at the address.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as exc:
        raise ConfigError(
            "[data] engine is spark, and PySpark is not installed.",
            needed="The extra `spark`.",
            todo="Install it: pip install 'regulars[spark]'",
        ) from exc
    builder = SparkSession.builder.appName("regulars")
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    try:
        if address.startswith(CONNECT):
            spark = builder.remote(address).getOrCreate()
        else:
            spark = _on_master(builder, address)
        ship_code(spark)
    except (PySparkException, OSError) as exc:
        raise DataError(
            f"Spark does not answer at {address}: {_first_line(exc)}",
            needed="A master or a Spark Connect server that is up.",
            todo="Correct [data] spark, or start it.",
        ) from exc
    return spark


def is_remote(spark: SparkSession) -> bool:
    """Tell whether the session talks to a Spark Connect server."""
    return type(spark).__module__.startswith("pyspark.sql.connect")


def ship_code(spark: SparkSession) -> None:
    """Give the workers the very code that this program runs."""
    folder = tempfile.mkdtemp(prefix="regulars-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # workers come for it
    path = Path(folder) / f"regulars-{uuid4().hex}.zip"
    pack_code(path)
    if is_remote(spark):
        spark.addArtifacts(str(path), pyfile=True)
    else:
        spark.sparkContext.addPyFile(str(path))


def pack_code(path: Path) -> None:
    """Write our packages into an archive that Python imports from."""
    root = Path(__file__).parents[2]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for package in SHIPPED:
            for file in sorted((root / package).rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    archive.write(file, file.relative_to(root))


def _on_master(builder: SparkSession.Builder, address: str) -> SparkSession:
    os.environ["JAVA_HOME"] = java_home()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    for key, value in ON_MASTER.items():
        builder = builder.config(key, value)
    if address.startswith("local") and not says_memory(os.environ):
        builder = builder.config(MEMORY, f"{_memory_mb(DRIVER_MEMORY_SHARE)}m")
    return builder.master(address).getOrCreate()


def says_memory(environ: Mapping[str, str]) -> bool:
    """Tell whether the user has said how much memory the driver has."""
    if "SPARK_DRIVER_MEMORY" in environ:
        return True
    if "driver-memory" in environ.get("PYSPARK_SUBMIT_ARGS", ""):
        return True
    home = environ.get("SPARK_HOME")
    folder = environ.get("SPARK_CONF_DIR") or (home and f"{home}/conf")
    if not folder:
        return False
    defaults = Path(folder) / "spark-defaults.conf"
    return defaults.is_file() and MEMORY in defaults.read_text(encoding="utf-8")


def _memory_mb(share: float) -> int:
    pages, bytes_each = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return int(share * pages * bytes_each / 2**20)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
