"""The epoch: which history the cursors of clients belong to.

It changes when the store could have gone back: the database was restored, moved or copied. To notice that, what the
database says of itself is compared with `data/instance`, a small file that belongs to this place and is in no backup.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select

from suhbat.store import private
from suhbat.store.directory import sync_directory
from suhbat.store.tables import conversations, meta


@dataclass(frozen=True, slots=True)
class Instance:
    """What `data/instance` remembers: the epoch and the count of starts as the store had them, which file (inode) held
    it, and after a clean stop how many events there were (None while running).
    """

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
    """Count a start, in the caller's transaction, and decide the epoch. Remember the answer after COMMIT.

    A crash between the two makes a new epoch at the next start, which costs clients a reload and nothing else.
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
    present = Instance(epoch, starts + 1, inode)
    connection.execute(delete(meta).where(meta.c.key.in_(("epoch", "starts"))))
    connection.execute(
        insert(meta), [{"key": "epoch", "value": epoch}, {"key": "starts", "value": str(present.starts)}]
    )
    return present


def count_events(connection: Connection) -> int:
    """Events ever written to the logs that exist."""
    return int(connection.execute(select(func.coalesce(func.sum(conversations.c.head), 0))).scalar_one())


def recall(path: Path) -> Instance | None:
    """What was remembered at `path`; None if nothing readable is there."""
    try:
        return Instance(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def remember(path: Path, instance: Instance) -> None:
    """Replace the file at `path` whole, flushed to disk."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    private.make(fresh)
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(asdict(instance), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_directory(path.parent)
