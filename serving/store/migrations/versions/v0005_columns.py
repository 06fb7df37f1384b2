"""Create the facts by column, and count what is decided by hand within a run."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table and the column."""
    op.create_table(
        "fact_columns",
        sa.Column("run", LONG, nullable=False),
        sa.Column("part", LONG, nullable=False),
        sa.Column("name", BYTEWISE, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("run", "name", "part", name="pk_fact_columns"),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name="fk_fact_columns_run"),
    )
    op.add_column(
        "runs", sa.Column("revision", LONG, nullable=False, server_default="0")
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_column("runs", "revision")
    op.drop_table("fact_columns")
