"""What Alembic runs: the migrations, on the connection that it was given."""

from alembic import context

from serving.store.tables import metadata


def run() -> None:
    """Run inside the caller's transaction."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if hasattr(context, "config"):  # Alembic runs this file, or something just imports it
    run()
