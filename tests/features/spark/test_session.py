"""What a session is given where the user says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.spark.session import says_memory


def test_who_says_nothing_of_memory_is_given_some(tmp_path: Path) -> None:
    assert not says_memory({})
    assert not says_memory({"SPARK_CONF_DIR": str(tmp_path)})


@pytest.mark.parametrize("name", ["SPARK_DRIVER_MEMORY", "PYSPARK_SUBMIT_ARGS"])
def test_memory_that_the_environment_says_is_left(name: str) -> None:
    assert says_memory({name: "--driver-memory 3g pyspark-shell"})


@pytest.mark.parametrize("within", ["conf", ""])
def test_memory_that_the_defaults_say_is_left(tmp_path: Path, within: str) -> None:
    folder = tmp_path / within
    folder.mkdir(exist_ok=True)
    file = folder / "spark-defaults.conf"
    home, conf = "SPARK_HOME", "SPARK_CONF_DIR"
    environ = {home: str(tmp_path)} if within else {conf: str(tmp_path)}
    file.write_text("spark.ui.enabled false\n")
    assert not says_memory(environ)
    file.write_text("spark.driver.memory 3g\n")
    assert says_memory(environ)
