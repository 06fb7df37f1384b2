"""Create the facts of runs, overrides of tiers by hand and tier schemes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "facts",
        sa.Column("run", LONG, nullable=False),
        sa.Column("customer_id", BYTEWISE, nullable=False),
        sa.Column("facts", sa.Text().with_variant(JSONB(), "postgresql")),
        sa.Column("moves", sa.Text),
        sa.PrimaryKeyConstraint("run", "customer_id", name="pk_facts"),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name="fk_facts_run"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "overrides",
        sa.Column("number", LONG, nullable=False),
        sa.Column("customer_id", BYTEWISE, nullable=False),
        sa.Column("scheme", BYTEWISE, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_overrides"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_overrides_customer_id_scheme", "overrides", ["customer_id", "scheme"]
    )
    op.create_table(
        "schemes",
        sa.Column("name", BYTEWISE, nullable=False),
        sa.Column("written", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_schemes"),
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("schemes", "overrides", "facts"):
        op.drop_table(name)
