"""Create runs, scores, the published pointer, locks, keys and secrets."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)

SORTED_BY = ("priority", "churn_probability", "expected_value", "value_at_risk")
FILTERED_BY = ("tier", "risk_band")


def upgrade() -> None:
    """Create the tables and fill the rows that are always there."""
    create_runs()
    create_scores()
    create_published()
    create_locks()
    create_keys()
    create_secrets()


def downgrade() -> None:
    """Drop everything."""
    for name in ("secrets", "api_keys", "locks", "published", "scores", "runs"):
        op.drop_table(name)


def create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("number", LONG, nullable=False),
        sa.Column("run_id", BYTEWISE, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("n_customers", LONG, nullable=False),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("published_at", INSTANT),
        sa.PrimaryKeyConstraint("number", name="pk_runs"),
        sa.UniqueConstraint("run_id", name="uq_runs_run_id"),
        sqlite_autoincrement=True,
    )


def create_scores() -> None:
    op.create_table(
        "scores",
        sa.Column("run", LONG, nullable=False),
        sa.Column("customer_id", BYTEWISE, nullable=False),
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
        sa.PrimaryKeyConstraint("run", "customer_id", name="pk_scores"),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name="fk_scores_run"),
    )
    for name in SORTED_BY:
        _index_scores("run", name, "customer_id")
    for name in FILTERED_BY:
        _index_scores("run", name, "priority", "customer_id")


def _index_scores(*columns: str) -> None:
    op.create_index("_".join(("ix_scores", *columns)), "scores", list(columns))


def create_published() -> None:
    table = op.create_table(
        "published",
        sa.Column("pointer", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("run", LONG),
        sa.PrimaryKeyConstraint("pointer", name="pk_published"),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name="fk_published_run"),
    )
    op.bulk_insert(table, [{"pointer": 1, "run": None}])


def create_locks() -> None:
    table = op.create_table(
        "locks",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("process", sa.Text),
        sa.Column("renewed_at", INSTANT),
        sa.PrimaryKeyConstraint("name", name="pk_locks"),
    )
    op.bulk_insert(table, [{"name": "publish"}])


def create_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("secret_sha256", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
    )


def create_secrets() -> None:
    table = op.create_table(
        "secrets",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secrets"),
    )
    op.bulk_insert(table, [{"name": "cursor", "value": secrets.token_hex(32)}])
