"""regulars.toml becomes frozen settings, or an error that names the place."""

from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import ValidationError

from features.errors import ConfigError
from regulars.settings.settings import VARIABLES, Settings, load_settings
from training.judge.gate import Gate

SMALLEST = '[data]\ntransactions = "sales.parquet"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "regulars.toml"
    path.write_text(text)
    return path


def test_the_smallest_config_has_every_default(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, SMALLEST), {})
    assert settings.model.horizon_days == 90
    assert settings.data.interactions is None
    assert settings.data.columns.transactions == {}
    assert (settings.serve.host, settings.serve.port) == ("127.0.0.1", 8000)


def test_relative_paths_start_at_the_config_file(tmp_path: Path) -> None:
    text = '[data]\ntransactions = "logs/*.csv"\ninteractions = "/other/contacts.csv"\n'
    settings = load_settings(write(tmp_path, text), {})
    assert settings.data.transactions == f"{tmp_path}/logs/*.csv"
    assert settings.data.interactions == "/other/contacts.csv"
    assert settings.mlflow.tracking_uri == f"sqlite:///{tmp_path}/mlflow/regulars.db"
    assert settings.store.url == f"sqlite:///{tmp_path}/regulars.db"


def test_a_server_address_is_left_alone(tmp_path: Path) -> None:
    url = "postgresql+psycopg://regulars@db/scores"
    text = f'[store]\nurl = "{url}"\n[mlflow]\ntracking_uri = "http://mlflow:5000"\n'
    settings = load_settings(write(tmp_path, text), {})
    assert settings.store.url == url
    assert settings.mlflow.tracking_uri == "http://mlflow:5000"


@pytest.mark.parametrize("variable", VARIABLES)
def test_the_environment_beats_the_file(tmp_path: Path, variable: str) -> None:
    table, key = VARIABLES[variable]
    in_file, in_environment = (
        ("1", "2") if key == "port" else ('"http://1"', "http://2")
    )
    path = write(tmp_path, f"[{table}]\n{key} = {in_file}\n")
    settings = load_settings(path, {variable: in_environment})
    assert str(getattr(getattr(settings, table), key)) == in_environment


def test_an_argument_beats_the_environment(tmp_path: Path) -> None:
    path = write(tmp_path, "[serve]\nport = 1\n")
    settings = load_settings(
        path, {"REGULARS_SERVE_PORT": "2"}, arguments={("serve", "port"): 3}
    )
    assert settings.serve.port == 3


def test_an_argument_that_was_not_given_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, "[serve]\nport = 1\n")
    settings = load_settings(path, {}, arguments={("serve", "port"): None})
    assert settings.serve.port == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            SMALLEST + "\n[model]\nhorizon_day = 30\n",
            r'line 5: \[model\] horizon_day is not .*Did you mean "horizon_days"\?',
        ),
        ("[dat]\n", r'line 1: dat is not a setting.*Did you mean "data"\?'),
        (
            '[data.columns.transaction]\namount = "x"\n',
            r'line 1: \[data.columns\] transaction .*Did you mean "transactions"\?',
        ),
        (
            '[data.columns.transactions]\namonut = "x"\n',
            "line 2: .*maps 'amonut'.*Did you mean .amount.[?]",
        ),
        ('path = "x"\n', r"line 1: path is not a setting"),
        ("[model]\ncolour = 1\n", r"Known here: kind, horizon_days, seed, .*Remove it"),
    ],
)
def test_an_unknown_key_is_refused_where_it_stands(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        load_settings(write(tmp_path, text), {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[model]\nhorizon_days = "90"\n', r"line 2: model.horizon_days is '90'"),
        ("[model]\nhorizon_days = true\n", r"horizon_days is True.*valid integer"),
        ("[model]\nhorizon_days = 0\n", r"greater than or equal to 1"),
        ("[serve]\nport = 70000\n", r"line 2: serve.port is 70000"),
        ("[store]\nurl = 3\n", r"line 2: store.url is 3.*valid string"),
        ("model = 3\n", r"line 1: model is 3"),
        ('[data]\nnot_products = "POST"\n', r"not_products is 'POST'"),
        ("[data\n", r"is not TOML: .*line 1"),
    ],
)
def test_a_wrong_value_is_refused_where_it_stands(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        load_settings(write(tmp_path, text), {})


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="environment, REGULARS_SERVE_PORT"):
        load_settings(write(tmp_path, SMALLEST), {"REGULARS_SERVE_PORT": "tcp://x"})


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file.*regulars init"):
        load_settings(tmp_path / "regulars.toml", {})


def test_settings_are_frozen(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, SMALLEST), {})
    with pytest.raises(ValidationError, match="frozen"):
        settings.model.seed = 3
    assert isinstance(settings, Settings)


def test_the_gate_of_the_settings_is_the_gate_of_training(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, SMALLEST), {})
    assert Gate(**settings.gate.model_dump()) == Gate()
    assert list(settings.gate.model_dump()) == [field.name for field in fields(Gate)]
