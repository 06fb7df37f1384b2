"""Every notebook runs from top to bottom, and says what it says by running."""

import json
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
README = FOLDER / "README.md"
STRICT = (
    "import warnings; warnings.filterwarnings('error', "
    "module=r'(__main__|features|models|training|serving|regulars)(\\.|$)')"
)
"""Warnings of our own code are errors; those of others' are not ours to mend."""


def read(text: str) -> NotebookNode:
    notebook: NotebookNode = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]  # it has no types
    return notebook


def run(notebook: NotebookNode, home: Path) -> NotebookNode:
    """Run it as a user does, in this environment's Python, without their profile."""
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=900,
        resources={"metadata": {"path": str(FOLDER)}},
        extra_arguments=[f"--IPKernelApp.exec_lines=[{STRICT!r}]"],
    )
    return client.execute(env={**os.environ, "IPYTHONDIR": str(home)})


def count_pictures(notebook: NotebookNode) -> int:
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return sum("image/png" in output.get("data", ()) for output in outputs)


@pytest.mark.parametrize(
    ("name", "pictures"),
    [
        ("01_a_first_look_at_a_log", 3),
        ("02_why_a_customer_has_its_score", 4),
        ("03_comparing_two_versions", 1),
    ],
)
def test_the_notebook_runs_and_draws(name: str, pictures: int, tmp_path: Path) -> None:
    notebook = run(read((FOLDER / f"{name}.ipynb").read_text()), tmp_path)
    assert count_pictures(notebook) == pictures


def test_a_warning_of_a_notebook_stops_it(tmp_path: Path) -> None:
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "warn",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": "import warnings; warnings.warn('out of date')",
    }
    text = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    with pytest.raises(CellExecutionError, match=r"UserWarning.*: out of date"):
        run(read(json.dumps(text)), tmp_path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_what_it_gave(path: Path) -> None:
    for cell in read(path.read_text()).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_notebook_is_numbered_and_in_the_readme(path: Path) -> None:
    assert re.fullmatch(r"\d\d_[a-z_]+", path.stem)
    assert f"]({path.name})" in README.read_text()


@pytest.mark.parametrize("path", [README, *NOTEBOOKS], ids=lambda path: path.name)
def test_each_link_leads_to_a_file(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
        assert (FOLDER / target).exists(), target
