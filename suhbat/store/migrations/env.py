"""Alembic runs this. The connection comes from `store.migrate`, or with the `alembic` command there is none: use that."""

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
