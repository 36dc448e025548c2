"""The durable log: the truth that everything else only hints at.

`sqlite.store` and `postgres.store` implement `chat.ports.Store`; what both share is in `sql`. A unit of work is one synchronous
function over a SQLAlchemy `Connection` and runs in a thread: in `write` with the writer's transaction, in `read` with a
short one of its own. `dialect` hides what differs between the databases.
"""
