"""The documents name every command and setting, and what they show is so."""

import re
import shlex
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.core import TyperGroup
from typer.main import get_command

from regulars.cli import app, main
from regulars.settings.settings import VARIABLES, Settings, load_settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [
    "README.md",
    "DECISIONS.md",
    "docs/reports.md",
    "docs/requirements.md",
    "docs/spark.md",
    "mlflow/README.md",
    "notebooks/data/README.md",
]


def commands() -> list[str]:
    """Return every command, with its group before it."""
    house = get_command(app)
    assert isinstance(house, TyperGroup)
    names = []
    for name, command in house.commands.items():
        under = command.commands if isinstance(command, TyperGroup) else {}
        names += [f"{name} {sub}" for sub in under] or [name]
    return names


def settings(model: type[BaseModel] = Settings) -> list[str]:
    """Return the key of every setting, whatever table it is in."""
    keys = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            keys += settings(kind)
        elif name != "path":
            keys.append(name)
    return keys


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("command", commands())
def test_each_command_is_in_the_readme(command: str) -> None:
    assert f"`regulars {command}" in README


@pytest.mark.parametrize("key", [*settings(), *VARIABLES])
def test_each_setting_is_in_the_readme(key: str) -> None:
    assert f"`{key}`" in README


@pytest.mark.parametrize("text", blocks("toml"))
def test_each_config_in_the_readme_is_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "regulars.toml"
    path.write_text(text)
    assert load_settings(path, {}).path == path


@pytest.mark.parametrize(
    "line", sorted(set(re.findall(r"^(?:\$ )?regulars .+$", README, re.MULTILINE)))
)
def test_each_command_line_in_the_readme_is_understood(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is after the options' names is left to their own tests."""
    words = shlex.split(line.removeprefix("$ "), comments=True)[1:]
    assert main([*words, "--help"], {}) == 0
    assert "Usage: regulars" in capsys.readouterr().out


@pytest.mark.parametrize("target", re.findall(r"^make (\w+)", README, re.MULTILINE))
def test_each_make_target_in_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_link_leads_to_a_file(document: str) -> None:
    path = ROOT / document
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_each_folder_of_the_house_is_in_the_readme() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    for name in packages | {"mlflow", "notebooks"}:
        assert f"| `{name}/` |" in README


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-spark.lock"])
def test_a_lock_holds_no_address_and_a_hash_for_each_package(name: str) -> None:
    lock = (ROOT / name).read_text()
    assert not re.search(r"https?:|file:|^-", lock, re.MULTILINE)
    pins = re.findall(r"^([\w.-]+==\S+)(?: ;.*)? \\\n    --hash", lock, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^\w", lock, re.MULTILINE))
