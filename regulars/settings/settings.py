"""``regulars.toml`` as frozen settings.

A setting is read once, here, and passed down as an argument. Precedence: argument,
environment, file, default.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    ValidationError,
    model_validator,
)
from pydantic.types import StringConstraints
from pydantic_core import PydanticCustomError

from features.door.rows.columns import TABLES, check_mapping
from features.errors import ConfigError
from models.actions import read_catalogue
from models.lists import ListDefinition, with_presets
from models.lists.definition import Name
from models.reports.levels import RelationLevels
from regulars.settings.addresses import resolve_path, resolve_url
from regulars.settings.faults import explain, unknown_key
from regulars.settings.toml_file import TomlFile, read_toml

Text = Annotated[str, StringConstraints(strict=True, min_length=1)]

VARIABLES: Mapping[str, tuple[str, str]] = {
    "REGULARS_MLFLOW_TRACKING_URI": ("mlflow", "tracking_uri"),
    "REGULARS_STORE_URL": ("store", "url"),
    "REGULARS_SERVE_HOST": ("serve", "host"),
    "REGULARS_SERVE_PORT": ("serve", "port"),
}
"""The environment variables that are read, and the setting each one gives."""


class Table(BaseModel):
    """One table of the file: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnSettings(Table):
    """Which of the files' columns are ours, where the names differ."""

    transactions: dict[str, Text] = Field(default={}, description="our column = theirs")
    interactions: dict[str, Text] = Field(default={}, description="our column = theirs")
    customers: dict[str, Text] = Field(default={}, description="our column = theirs")
    subscriptions: dict[str, Text] = Field(
        default={}, description="our column = theirs"
    )


class DataSettings(Table):
    """Where the log is."""

    transactions: Text | None = Field(
        default=None, description="purchases: a path or glob"
    )
    interactions: Text | None = Field(
        default=None, description="other events: path or glob"
    )
    customers: Text | None = Field(
        default=None, description="attributes: a path or glob"
    )
    subscriptions: Text | None = Field(
        default=None, description="contracts: a path or glob"
    )
    not_products: tuple[Text, ...] = Field(default=(), description="fees and the like")
    engine: Literal["duckdb", "spark"] = Field(
        default="duckdb", description="what reads the log and builds features"
    )
    spark: Text = Field(
        default="local[*]", description="a master, or a Spark Connect server"
    )
    sample_customers: Annotated[StrictInt, Field(ge=1_000)] = Field(
        default=50_000, description="of more customers, so many are trained on"
    )
    columns: ColumnSettings = Field(
        default=ColumnSettings(), description="names of columns"
    )


class ModelSettings(Table):
    """What is predicted, and of which table."""

    kind: Literal["purchases", "subscriptions", "labels"] = Field(
        default="purchases", description="what churn is: see docs/kinds-of-churn.md"
    )
    horizon_days: Annotated[StrictInt, Field(ge=1, le=3650)] = Field(
        default=90, description="how many days ahead"
    )
    seed: Annotated[StrictInt, Field(ge=0, lt=2**31)] = Field(
        default=0, description="of all that is drawn by chance"
    )
    label: Text | None = Field(
        default=None, description="labels: the attribute that says who churned"
    )
    churned: tuple[Text, ...] = Field(
        default=(), description="labels: the values of it that mean churned"
    )
    monthly_amount: Text | None = Field(
        default=None, description="labels: the attribute with a month's amount"
    )
    sensitive: Annotated[bool, Field(strict=True)] | tuple[Text, ...] = Field(
        default=False, description="labels: use sensitive attributes: true, or names"
    )
    leave_out: tuple[Text, ...] = Field(
        default=(), description="labels: attributes to leave out of the model"
    )


Gain = Annotated[float, Field(strict=True, ge=-1, le=1, allow_inf_nan=False)]


class GateSettings(Table):
    """What a model has to show before it is served; as ``training.judge.gate.Gate``."""

    min_auc_gain: Gain = Field(
        default=0.0, description="over the best simple method, to be served for churn"
    )
    min_gini_gain: Gain = Field(
        default=0.0, description="over the best simple method, to be served for value"
    )
    clear_gain: Gain = Field(default=0.01, description="in AUC or Gini, for grade A")
    max_ece: Gain = Field(default=0.05, description="calibration error, for grade A")
    max_total_error: Gain = Field(
        default=0.25, description="of total value, for grade A"
    )
    max_auc_loss: Gain = Field(
        default=0.01, description="behind the champion on the same holdout"
    )
    max_gini_loss: Gain = Field(
        default=0.01, description="behind the champion on the same holdout"
    )


class TierSettings(BaseModel):
    """How customers are put into tiers; further tables are schemes."""

    model_config = ConfigDict(frozen=True, extra="allow")

    primary: Text = Field(default="abc", description="the scheme that fills tier")
    active: tuple[Text, ...] | None = Field(
        default=None, description="schemes; all that need no parameter by default"
    )

    @property
    def schemes(self) -> dict[str, dict[str, Any]]:
        """Return the tables ``[tiers.NAME]``."""
        return dict(self.model_extra or {})

    @model_validator(mode="after")
    def check_tables(self) -> TierSettings:
        """Refuse what is neither a setting nor a table."""
        for name, scheme in self.schemes.items():
            if not isinstance(scheme, dict):
                raise PydanticCustomError(
                    "table", f"{name} is no setting here; a scheme is [tiers.{name}]"
                )
        return self


class MlflowSettings(Table):
    """Where models are tracked."""

    tracking_uri: Text = Field(
        default="sqlite:///mlflow/regulars.db", description="of the tracking store"
    )


class StoreSettings(Table):
    """Where scores are published."""

    url: Text = Field(default="sqlite:///regulars.db", description="SQLite, PostgreSQL")


class ServeSettings(Table):
    """Where the API listens."""

    host: Text = Field(default="127.0.0.1", description="the address to listen on")
    port: Annotated[StrictInt, Field(ge=0, le=65535)] = Field(
        default=8000, description="the port to listen on; 0 takes a free one"
    )


class Settings(Table):
    """All settings; paths and SQLite addresses in them are absolute."""

    path: Path
    data: DataSettings = DataSettings()
    model: ModelSettings = ModelSettings()
    gate: GateSettings = GateSettings()
    tiers: TierSettings = TierSettings()
    actions: dict[str, dict[str, Any]] = Field(default={}, description="a table each")
    mlflow: MlflowSettings = MlflowSettings()
    store: StoreSettings = StoreSettings()
    lists: dict[Name, ListDefinition] = Field(
        default={}, description="a table each; over the preset of the same name"
    )
    relationship: RelationLevels = RelationLevels()
    serve: ServeSettings = ServeSettings()


def load_settings(
    path: Path,
    environ: Mapping[str, str],
    *,
    arguments: Mapping[tuple[str, str], Any] | None = None,
) -> Settings:
    """Read ``path`` and lay the environment and the arguments over it.

    Parameters
    ----------
    path : Path
        A ``regulars.toml``. Relative paths in it are relative to its folder.
    environ : mapping
        The environment; ``VARIABLES`` are read.
    arguments : mapping, optional
        (table, key) to value, as given on the command line; None is not given.

    Returns
    -------
    Settings

    Raises
    ------
    ConfigError
        If the file is missing or not TOML, or a setting is unknown or wrong. It names
        the place.
    """
    file = read_toml(path)
    values: dict[str, Any] = {**file.values, "path": path.resolve()}
    places: dict[tuple[str, ...], str] = {}
    if "path" in file.values:
        raise unknown_key(file, ("path",), Settings)
    for name, setting in VARIABLES.items():
        if environ.get(name):
            overlay(values, setting, environ[name])
            places[setting] = f"the environment, {name}"
    for setting, value in (arguments or {}).items():
        if value is not None:
            overlay(values, setting, value)
            places[setting] = f"the argument --{setting[1].replace('_', '-')}"
    try:
        settings = Settings.model_validate(with_presets(values))
    except ValidationError as exc:
        raise explain(exc, Settings, file=file, places=places) from exc
    check_columns(settings.data.columns, file)
    read_catalogue(settings.actions)
    return absolute(settings, path.resolve().parent)


def overlay(values: dict[str, Any], setting: tuple[str, str], value: Any) -> None:
    """Set one value, leaving what is no table for the check to refuse."""
    table, key = setting
    under = values.get(table, {})
    if isinstance(under, dict):
        is_number = key == "port" and isinstance(value, str) and value.isdecimal()
        values[table] = {**under, key: int(value) if is_number else value}


def check_columns(columns: ColumnSettings, file: TomlFile) -> None:
    """Refuse a mapping of columns that the tables do not have, saying where."""
    for table in ColumnSettings.model_fields:
        for ours, theirs in getattr(columns, table).items():
            try:
                check_mapping(table, {ours: theirs})
            except ConfigError as exc:
                place = file.place(("data", "columns", table, ours))
                raise ConfigError(
                    f"{place}: {exc.problem}", needed=exc.needed, todo=exc.todo
                ) from exc


def absolute(settings: Settings, folder: Path) -> Settings:
    """Resolve every path and address against ``folder``."""
    data = settings.data
    resolved = {
        name: resolve_path(value, folder)
        for name in TABLES
        if (value := getattr(data, name)) is not None
    }
    tracking = resolve_url(settings.mlflow.tracking_uri, folder)
    store = resolve_url(settings.store.url, folder)
    return settings.model_copy(
        update={
            "data": data.model_copy(update=resolved),
            "mlflow": settings.mlflow.model_copy(update={"tracking_uri": tracking}),
            "store": settings.store.model_copy(update={"url": store}),
        }
    )
