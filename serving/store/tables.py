"""The tables of the store, for SQLite and PostgreSQL alike."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""An integer key; SQLite numbers rows only in a column of type INTEGER."""

BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that both databases sort alike, by its bytes."""


class Instant(sa.TypeDecorator[datetime]):
    """An instant: UTC going in, UTC-aware coming out."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Move to UTC; SQLite keeps no offset."""
        if value is None:
            return None
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Give SQLite's values their zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("number", LONG, primary_key=True),
    sa.Column("run_id", BYTEWISE, nullable=False, unique=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("model_version", sa.Text, nullable=False),
    sa.Column("n_customers", LONG, nullable=False),
    sa.Column("context", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("published_at", Instant),
    sa.Column("revision", LONG, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)
"""One row a scoring run. ``number`` is never used twice; ``revision`` counts what was
decided by hand since it was published."""

STAGED, PUBLISHED, DROPPED = "staged", "published", "dropped"
"""The states of a run: being written, readable, being deleted."""

scores = sa.Table(
    "scores",
    metadata,
    sa.Column("run", LONG, sa.ForeignKey("runs.number"), primary_key=True),
    sa.Column("customer_id", BYTEWISE, primary_key=True),
    sa.Column("churn_probability", sa.Double),
    sa.Column("expected_value", sa.Double),
    sa.Column("value_low", sa.Double),
    sa.Column("value_high", sa.Double),
    sa.Column("expected_orders", sa.Double),
    sa.Column("next_order_on", sa.Date),
    sa.Column("risk_band", sa.Text),
    sa.Column("lifecycle_stage", sa.Text, nullable=False),
    sa.Column("tier", sa.Text, nullable=False),
    sa.Column("cluster", LONG),
    sa.Column("priority", LONG),
    sa.Column("value_at_risk", sa.Double),
    sa.Column("score_basis", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
"""One row a customer and run. ``body`` is the whole score as JSON, as it is served;
the other columns are what is filtered and sorted by, where a run is not kept by
column: an index would be most of what publishing costs."""

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("run", LONG, sa.ForeignKey("runs.number"), primary_key=True),
    sa.Column("customer_id", BYTEWISE, primary_key=True),
    sa.Column("facts", sa.Text().with_variant(JSONB(), "postgresql")),
    sa.Column("moves", sa.Text),
    sqlite_with_rowid=False,
)
"""One row a customer and run. ``facts`` is a JSON array of what the run's context names
in ``facts``, in that order; ``moves`` is what is remembered of the customer's classes
by tier scheme, as JSON, null where that is nothing."""

BESIDE = sa.and_(
    facts.c.run == scores.c.run, facts.c.customer_id == scores.c.customer_id
)
"""Which facts belong to which score."""

SCORES_AND_FACTS = scores.outerjoin(facts, BESIDE)

fact_columns = sa.Table(
    "fact_columns",
    metadata,
    sa.Column("run", LONG, sa.ForeignKey("runs.number"), nullable=False),
    sa.Column("part", LONG, nullable=False),
    sa.Column("name", BYTEWISE, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("run", "name", "part", name="pk_fact_columns"),
)
"""One row a run, column and part: the values of some customers, packed by Arrow."""

overrides = sa.Table(
    "overrides",
    metadata,
    sa.Column("number", LONG, primary_key=True),
    sa.Column("customer_id", BYTEWISE, nullable=False),
    sa.Column("scheme", BYTEWISE, nullable=False),
    sa.Column("tier", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Index(None, "customer_id", "scheme"),
    sqlite_autoincrement=True,
)
"""One row a decision by hand; of one customer and scheme the newest holds."""

schemes = sa.Table(
    "schemes",
    metadata,
    sa.Column("name", BYTEWISE, primary_key=True),
    sa.Column("written", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
)
"""One row a tier scheme that came over the API, as JSON; the next run takes it."""

lists = sa.Table(
    "lists",
    metadata,
    sa.Column("name", BYTEWISE, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("definition", sa.Text, nullable=False),
    sa.Column("picks", sa.Text),
    sa.Column("taken_at", Instant),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
)
"""One row a list of the config (``source``) or the API; presets are code. ``picks`` are
the members of a snapshot that was taken, as JSON, and ``taken_at`` its as_of."""

list_builds = sa.Table(
    "list_builds",
    metadata,
    sa.Column("run", LONG, primary_key=True, autoincrement=False),
    sa.Column("name", BYTEWISE, primary_key=True),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("definition", sa.Text, nullable=False),
    sa.Column("n_members", LONG, nullable=False),
    sa.Column("n_candidates", LONG, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("built_at", Instant, nullable=False),
    sa.Index(None, "name", "run"),
)
"""One row a list and run: what became of the list, as it was defined then. It outlives
the run, so that sizes can be told over time."""

list_members = sa.Table(
    "list_members",
    metadata,
    sa.Column("run", LONG, sa.ForeignKey("runs.number"), primary_key=True),
    sa.Column("name", BYTEWISE, primary_key=True),
    sa.Column("place", LONG, primary_key=True, autoincrement=False),
    sa.Column("customer_id", BYTEWISE, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("owner_id", sa.Text),
    sa.Column("expected_profit", sa.Double),
    sqlite_with_rowid=False,
)
"""One row a member, list and run; ``place`` is from 1."""

reports = sa.Table(
    "reports",
    metadata,
    sa.Column("run", LONG, sa.ForeignKey("runs.number"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
)
"""One row a report and run. ``body`` is JSON."""

published = sa.Table(
    "published",
    metadata,
    sa.Column("pointer", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("run", LONG, sa.ForeignKey("runs.number")),
)
"""One row: the run that readers see."""

locks = sa.Table(
    "locks",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text),
    sa.Column("process", sa.Text),
    sa.Column("renewed_at", Instant),
)
"""One row a lock. It is free where ``owner`` is null."""

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("secret_sha256", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("last_used_at", Instant),
    sa.Column("revoked_at", Instant),
)
"""One row an API key. The secret itself is not kept."""

secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
"""Random keys that all processes on one store share."""
