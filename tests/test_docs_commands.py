"""Every command and request in a document is one that there is."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from regulars.cli import app, main
from serving.api.app import create_app
from serving.store import open_store
from tests.documents import (
    ROOT,
    Line,
    documents,
    inline_code,
    name_of,
    shell_lines,
)
from tests.serving.samples import Shelf

TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
METHODS = ("GET", "POST", "PUT", "DELETE")
REQUEST = re.compile(
    rf"(?:({'|'.join(METHODS)}) )?(/(?:v1/|healthz|readyz|metrics)\S*)"
)
UNDESCRIBED = {"/docs", "/openapi.json"}

Operations = Mapping[str, Mapping[str, Any]]
"""Path to method, in lower case, to its description."""


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> Operations:
    """Return the paths of the OpenAPI document."""
    path = tmp_path_factory.mktemp("store") / "regulars.db"
    with closing(open_store(f"sqlite:///{path}")) as store:
        paths: Operations = create_app(store=store, scorers=Shelf()).openapi()["paths"]
    return paths


def lines_of(program: str) -> list[Line]:
    """Return the lines that run a program, in ``.venv`` or not."""
    return [
        line for line in shell_lines() if line.words[0].split("/bin/")[-1] == program
    ]


def run_of(words: Sequence[str], *, is_whole: bool) -> None:
    """Read the words of a command as the command line does; raise where it would.

    Parameters
    ----------
    words : sequence of str
        After ``regulars``.
    is_whole : bool
        Whether nothing that the command needs may be missing.
    """
    command: Any = get_command(app)
    arguments = list(words)
    while isinstance(command, TyperGroup):
        assert arguments, "no command is named"
        assert arguments[0] in command.commands, arguments[0]
        command = command.commands[arguments.pop(0)]
    with command.make_context(command.name, arguments, resilient_parsing=not is_whole):
        pass


@cache
def inline(start: str) -> tuple[tuple[str, str], ...]:
    """Return each document and code between backticks that begins with a word."""
    return tuple(
        (name_of(path), code)
        for path in documents()
        for code in inline_code(path)
        if code.startswith(f"{start} ")
    )


@pytest.mark.parametrize("line", lines_of("regulars"), ids=str)
def test_each_command_line_is_understood(line: Line) -> None:
    words = line.words[1:]
    if words == ("--version",):
        assert main(words, {}) == 0
    else:
        run_of(words, is_whole=True)


@pytest.mark.parametrize(("document", "code"), inline("regulars"))
def test_each_command_in_a_sentence_exists(document: str, code: str) -> None:
    words = shlex.split(re.sub(r"[\[\]]", "", code))[1:]
    if words != ["--version"]:
        run_of(words, is_whole=False)


@pytest.mark.parametrize("line", lines_of("make"), ids=str)
def test_each_make_target_exists(line: Line) -> None:
    assert {word for word in line.words[1:] if "=" not in word} <= TARGETS


@pytest.mark.parametrize(("document", "code"), inline("make"))
def test_each_make_target_in_a_sentence_exists(document: str, code: str) -> None:
    words = [word for word in code.split()[1:] if "=" not in word]
    assert set(words) <= TARGETS


@pytest.mark.parametrize("line", lines_of("python"), ids=str)
def test_each_module_and_file_that_is_run_exists(line: Line) -> None:
    _, option, module, *arguments = line.words
    assert option == "-m"
    assert find_spec(module)
    for word in arguments:
        if word.startswith("tests"):
            assert (ROOT / word.split("::")[0]).exists()


@pytest.mark.parametrize("line", lines_of("mlflow"), ids=str)
def test_each_option_of_mlflow_exists(line: Line) -> None:
    """In a process of its own: to import its command line is to be warned."""
    _, name, *arguments = line.words
    for_help = [sys.executable, "-m", "mlflow", name, "--help"]
    shown = subprocess.run(for_help, capture_output=True, text=True, check=True).stdout
    for option in (word for word in arguments if word.startswith("--")):
        assert option in shown


@pytest.mark.parametrize("line", lines_of("pip"), ids=str)
def test_each_extra_that_is_installed_exists(line: Line) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for word in line.words[2:]:
        extra = re.fullmatch(r"(\w+)\[(\w+)\]", word)
        assert extra
        assert extra[1] == project["name"]
        assert extra[2] in project["optional-dependencies"]


def is_operation(method: str, address: str, operations: Operations) -> bool:
    """Tell whether there is such an operation with such parameters."""
    parts = urlsplit(address)
    if parts.path in UNDESCRIBED:
        return True
    for path, methods in operations.items():
        pattern = re.sub(r"\\\{\w+\\\}", r"[^/]+", re.escape(path))
        if re.fullmatch(pattern, parts.path) and method.lower() in methods:
            allowed = {
                parameter["name"]
                for parameter in methods[method.lower()].get("parameters", [])
            }
            names = {pair.split("=")[0] for pair in parts.query.split("&") if pair}
            return names <= allowed
    return False


@pytest.mark.parametrize("line", lines_of("curl"), ids=str)
def test_each_request_that_is_sent_exists(line: Line, operations: Operations) -> None:
    (address,) = [word for word in line.words if word.startswith("http://")]
    method = "POST" if "-d" in line.words else "GET"
    parts = urlsplit(address)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    assert is_operation(method, target, operations)
    if "-d" in line.words:
        assert json.loads(line.words[line.words.index("-d") + 1])


@pytest.mark.parametrize("path", documents(), ids=name_of)
def test_each_request_in_a_sentence_exists(path: Path, operations: Operations) -> None:
    for code in inline_code(path):
        request = REQUEST.match(code)
        if request is None:
            continue
        target = code[request.start(2) :]
        methods = [request[1]] if request[1] else METHODS
        assert any(is_operation(method, target, operations) for method in methods)


@pytest.mark.parametrize(
    ("method", "address"),
    [("GET", "/v1/nothing"), ("POST", "/v1/lists/core"), ("GET", "/v1/model?of=1")],
)
def test_a_request_that_is_not_there_is_noticed(
    method: str, address: str, operations: Operations
) -> None:
    assert not is_operation(method, address, operations)


@pytest.mark.parametrize("words", [["score", "--ful"], ["replay"], ["lists", "core"]])
def test_a_command_that_is_not_there_is_noticed(words: list[str]) -> None:
    with pytest.raises(Exception, match=r"No such|Missing|unexpected"):
        run_of(words, is_whole=True)
