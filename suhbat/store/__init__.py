"""The durable logs, and all other stored state.

`sqlite.store` and `postgres.store` implement `chat.ports.Store`; their common code is in `sql` and `people.store`. A unit of
work is a synchronous function over a SQLAlchemy `Connection` that runs in a thread: those of `write` in the writer's
transaction, those of `read` in a short transaction of their own. `dialect` hides the differences between the databases.
"""
