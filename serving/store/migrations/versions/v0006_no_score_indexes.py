"""Drop the indexes of the scores: runs are filtered and sorted by column."""

from alembic import op

revision = "0006"
down_revision = "0005"

SORTED_BY = (
    ("priority",),
    ("churn_probability",),
    ("expected_value",),
    ("value_at_risk",),
    ("tier", "priority"),
    ("risk_band", "priority"),
)


def upgrade() -> None:
    """Drop them."""
    for columns in SORTED_BY:
        op.drop_index(_name(columns), "scores")


def downgrade() -> None:
    """Create them again."""
    for columns in SORTED_BY:
        op.create_index(_name(columns), "scores", ["run", *columns, "customer_id"])


def _name(columns: tuple[str, ...]) -> str:
    return f"ix_scores_run_{'_'.join(columns)}_customer_id"
