"""Alembic runs this file. `store.migrate` passes the connection, so the `alembic` command does not work: use `suhbat
migrate`."""

from __future__ import annotations

from alembic import context

from suhbat.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
