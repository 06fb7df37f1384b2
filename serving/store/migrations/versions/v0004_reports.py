"""Create the reports of runs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "reports",
        sa.Column("run", LONG, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run", "name", name="pk_reports"),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name="fk_reports_run"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("reports")
