"""Alembic's way into the control store's migrations: the connection comes from `Control.migrate`."""

from alembic import context

from playhead.stores.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
