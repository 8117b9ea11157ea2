"""Alembic runs this; `netmon.stores.migrating` hands it the connection, with the transaction begun."""

from alembic import context

from netmon.stores.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
