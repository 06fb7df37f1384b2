"""``regulars keys``: a secret is shown once, a revoked key stays on the list."""

from pathlib import Path

import pytest

from regulars.cli import main


def keys(*args: str, folder: Path) -> int:
    config = folder / "regulars.toml"
    config.touch()
    return main(["keys", *args, "-c", str(config)], {})


def test_the_secret_alone_is_on_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scopes = ("--scope", "read", "--scope", "predict")
    assert keys("create", "--name", "crm", *scopes, folder=tmp_path) == 0
    secret = capsys.readouterr().out.strip()
    assert secret.startswith("rgl_")
    assert len(secret.split()) == 1
    assert keys("list", folder=tmp_path) == 0
    shown = capsys.readouterr().out
    assert "crm" in shown
    assert "read predict" in shown
    assert secret.split("_")[2] not in shown


def test_a_revoked_key_is_shown_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert keys("create", "--name", "crm", "--scope", "read", folder=tmp_path) == 0
    key_id = capsys.readouterr().out.split("_")[1]
    assert keys("revoke", key_id, folder=tmp_path) == 0
    assert f"{key_id} is revoked" in capsys.readouterr().err


def test_an_unknown_scope_is_bad_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert keys("create", "--name", "crm", "--scope", "raed", folder=tmp_path) == 2
    assert "read, predict, admin" in capsys.readouterr().err


def test_an_unknown_key_cannot_be_revoked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert keys("revoke", "0123456789ab", folder=tmp_path) == 2
    assert "no key with this id" in capsys.readouterr().err
