"""A Spark of the tests' own: a master, two workers and sessions on loopback."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.spark.java import java_home

LOOPBACK = "127.0.0.1"
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""For programs that live a minute: compile once, and collect on one thread."""


def spark_home() -> Path:
    """Return where PySpark keeps its jars."""
    import pyspark

    return Path(pyspark.__file__).parent


def spark_environ(
    folder: Path, *, heap_mb: int = 512, java_options: str = JAVA_OPTIONS
) -> dict[str, str]:
    """Return the environment of every process, small enough for a shared machine.

    Parameters
    ----------
    folder : Path
        For settings and scratch files.
    heap_mb : int
        Of an executor.
    java_options : str
    """
    conf = folder / "conf"
    conf.mkdir(exist_ok=True)
    (conf / "spark-defaults.conf").write_text(
        "spark.driver.memory 1g\n"
        f"spark.executor.memory {heap_mb}m\n"
        "spark.executor.cores 1\n"
        "spark.driver.host 127.0.0.1\n"
        "spark.driver.bindAddress 127.0.0.1\n"
        "spark.ui.enabled false\n"
        f"spark.local.dir {folder}\n"
    )
    return {
        "JAVA_HOME": java_home(),
        "JDK_JAVA_OPTIONS": java_options,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": LOOPBACK,
    }


@dataclass
class Cluster:
    """Processes of a Spark; each leads a group of its own.

    Parameters
    ----------
    folder : Path
        For logs and scratch files.
    heap_mb : int
        Of the one executor that a worker has.
    java_options : str
    address : str
        Of the master, once it is up.
    processes : dict
        Name to process.
    """

    folder: Path
    heap_mb: int = 512
    java_options: str = JAVA_OPTIONS
    address: str = ""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """What every process that has to do with it finds in its environment."""
        return spark_environ(
            self.folder, heap_mb=self.heap_mb, java_options=self.java_options
        )

    def start(self, n_workers: int) -> None:
        """Start a master and its workers, and wait until they know each other."""
        deploy = "org.apache.spark.deploy"
        loopback = ("--host", LOOPBACK, "--port", "0", "--webui-port", "0")
        self.run("master", f"{deploy}.master.Master", *loopback)
        found = self.wait("master", r"Starting Spark master at (spark://\S+)")
        self.address = found.group(1)
        for number in range(n_workers):
            name = f"worker{number}"
            small = ("--cores", "1", "--memory", f"{2 * self.heap_mb}m")
            where = ("--work-dir", str(self.folder / name))
            worker = f"{deploy}.worker.Worker"
            self.run(name, worker, *loopback, *small, *where, self.address)
        for number in range(n_workers):
            self.wait(f"worker{number}", r"Successfully registered with master")

    def start_connect(self) -> str:
        """Start a Spark Connect server, and return its address once it is up."""
        with closing(socket.socket()) as free:
            free.bind((LOOPBACK, 0))
            port = free.getsockname()[1]
        settings = {
            "spark.connect.grpc.binding.address": LOOPBACK,
            "spark.connect.grpc.binding.port": port,
            "spark.buffer.pageSize": "2m",
        }
        given = [f"--conf={key}={value}" for key, value in settings.items()]
        server = "org.apache.spark.sql.connect.service.SparkConnectServer"
        words = ("--master=local[2]", *given, f"--class={server}", "spark-internal")
        self.run("connect", "org.apache.spark.deploy.SparkSubmit", *words, heap="1g")
        self.wait("connect", r"Spark Connect server started at")
        return f"sc://{LOOPBACK}:{port}"

    def run(self, name: str, main: str, *arguments: str, heap: str = "512m") -> None:
        """Start a Java program of Spark's."""
        environ = {**os.environ, **self.environ}
        scratch = self.folder / f"{name}.tmp"
        scratch.mkdir()
        java = Path(environ["JAVA_HOME"]) / "bin" / "java"
        opened = "java.base/sun.nio.ch java.base/java.nio java.base/java.lang"
        opens = [f"--add-opens={each}=ALL-UNNAMED" for each in opened.split()]
        words = [
            str(java),
            f"-Xmx{heap}",
            *opens,
            "-cp",
            f"{spark_home()}/jars/*",
            main,
        ]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [*words, *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    **environ,
                    "SPARK_HOME": str(spark_home()),
                    "SPARK_SCALA_VERSION": "2.13",
                    "TMPDIR": str(scratch),
                },
                start_new_session=True,
            )

    def wait(self, name: str, pattern: str, *, seconds: float = 120) -> re.Match[str]:
        """Wait for a line in a program's log."""

        def find() -> re.Match[str] | None:
            return re.search(pattern, (self.folder / f"{name}.log").read_text())

        found: re.Match[str] | None = until(find, seconds=seconds)
        assert found, (self.folder / f"{name}.log").read_text()
        return found

    def wait_for_scratch(
        self, names: Sequence[str], pattern: str, *, seconds: float = 240
    ) -> str | None:
        """Return the first of these that has, or has started what has, such a file."""

        def find() -> str | None:
            having = (n for n in names if any(self.folder.glob(f"{n}.tmp/{pattern}")))
            return next(having, None)

        found: str | None = until(find, seconds=seconds)
        return found

    def kill(self, name: str) -> None:
        """Kill a program and what it started, without a word."""
        process = self.processes.pop(name)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """Kill whatever runs."""
        for name in list(self.processes):
            self.kill(name)


def until(find: Callable[[], Any], *, seconds: float) -> Any:
    """Ask until there is an answer."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        if (found := find()) is not None:
            return found
        time.sleep(0.1)
    return None
