"""The epoch: the life of a store, to which the cursors of clients belong.

A new epoch begins when the store may have lost events: the database was restored, moved or copied. To notice this, the facts in
the database are compared with `data/instance`, a small file that no backup contains.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select

from suhbat.directories import sync_directory
from suhbat.store import permissions
from suhbat.store.tables import conversations, cursors, meta
from suhbat.store.write import push_recipients


@dataclass(frozen=True, slots=True)
class Instance:
    """The content of `data/instance`: the epoch and the count of starts as in the store, the inode of the database file, and
    after a clean stop the number of events (None while running)."""

    epoch: str
    starts: int
    inode: int
    events: int | None = None


def begin(
    connection: Connection,
    remembered: Instance | None,
    inode: int,
    new_epoch: Callable[[], str] = lambda: secrets.token_hex(8),
) -> Instance:
    """Count a start in the caller's transaction, and decide the epoch. After COMMIT the caller must `remember` the result.

    A crash between the two causes a new epoch at the next start, which only makes clients reload.
    """
    stored = {row[0]: row[1] for row in connection.execute(select(meta.c.key, meta.c.value))}
    epoch, starts = stored.get("epoch"), int(stored.get("starts", 0))
    if (
        epoch is None
        or remembered is None
        or (remembered.epoch, remembered.starts, remembered.inode) != (epoch, starts, inode)
        or (remembered.events or 0) > count_events(connection)
    ):
        epoch = new_epoch()
        # The messages of a copy are old: nobody is told of them (see `write.push_recipients`).
        connection.execute(delete(cursors).where(cursors.c.name == push_recipients.NAME))
    present = Instance(epoch, starts + 1, inode)
    connection.execute(delete(meta).where(meta.c.key.in_(("epoch", "starts"))))
    connection.execute(
        insert(meta), [{"key": "epoch", "value": epoch}, {"key": "starts", "value": str(present.starts)}]
    )
    return present


def count_events(connection: Connection) -> int:
    """How many events were ever written to the existing logs."""
    return int(connection.execute(select(func.coalesce(func.sum(conversations.c.head), 0))).scalar_one())


def recall(path: Path) -> Instance | None:
    """The instance stored at `path`; None if there is none or it cannot be read."""
    try:
        return Instance(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def remember(path: Path, instance: Instance) -> None:
    """Replace the file at `path` atomically, and flush it to disk."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    permissions.create_file(fresh)
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(asdict(instance), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_directory(path.parent)
