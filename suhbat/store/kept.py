"""Values in the table `meta` that are made once and then stay."""

from __future__ import annotations

from sqlalchemy import Connection, select

from .dialect import insert_new
from .tables import meta


def read(connection: Connection, key: str) -> str | None:
    """The value, or None."""
    found: str | None = connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none()
    return found


def keep(connection: Connection, key: str, value: str) -> str:
    """Store the value, unless there is one. Returns the one that is stored: that of the first caller."""
    insert_new(connection, meta, [{"key": key, "value": value}])
    found: str = connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one()
    return found
