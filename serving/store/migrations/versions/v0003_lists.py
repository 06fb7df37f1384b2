"""Create lists, what became of them in each run, and their members."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "lists",
        sa.Column("name", BYTEWISE, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("picks", sa.Text),
        sa.Column("taken_at", INSTANT),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lists"),
    )
    op.create_table(
        "list_builds",
        sa.Column("run", LONG, nullable=False),
        sa.Column("name", BYTEWISE, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("n_members", LONG, nullable=False),
        sa.Column("n_candidates", LONG, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("built_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("run", "name", name="pk_list_builds"),
    )
    op.create_index("ix_list_builds_name_run", "list_builds", ["name", "run"])
    op.create_table(
        "list_members",
        sa.Column("run", LONG, nullable=False),
        sa.Column("name", BYTEWISE, nullable=False),
        sa.Column("place", LONG, nullable=False),
        sa.Column("customer_id", BYTEWISE, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("owner_id", sa.Text),
        sa.Column("expected_profit", sa.Double),
        sa.PrimaryKeyConstraint("run", "name", "place", name="pk_list_members"),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name="fk_list_members_run"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("list_members", "list_builds", "lists"):
        op.drop_table(name)
