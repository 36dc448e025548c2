"""The pictures of users and rooms. Each is one file, which was an uploaded image; the bytes of the one before go with it."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from suhbat.chat.files import picture_refusal
from suhbat.chat.model import Milliseconds, NewPicture, StoredFile
from suhbat.errors import Busy
from suhbat.store.read.files import RECORD
from suhbat.store.tables import files, removals

from .files import queue_removals
from .files import remove as remove_files


def replace(connection: Connection, owner: str, uid: str, new: NewPicture | None, at: Milliseconds) -> None:
    """The file of `new` becomes the picture of `owner`, a uid or the name of a room; None: it has none any more. `uid`: of the
    user who asks, to whom the file belongs.

    Raises NotFound, FileInUse, FileNotReady, BadRequest; Busy if the squares took so long that their removal is due.
    """
    wanted = files.c.picture_of == owner if new is None else (files.c.picture_of == owner) | (files.c.id == new.file)
    # Both in one order, as everywhere, so that no two transactions wait for each other.
    rows = connection.execute(select(*RECORD).where(wanted).order_by(files.c.id).with_for_update()).all()
    if new is not None:
        found = {row.id: StoredFile(*row) for row in rows}
        refused = picture_refusal(uid, found.get(new.file))  # asked again: a message may show it by now
        if refused is not None:
            raise refused
        taken = delete(removals).where(removals.c.backend == new.backend, removals.c.key == new.key)
        if not connection.execute(taken).rowcount:
            raise Busy(retry_after=1, seconds=1)
    remove(connection, owner, at)
    if new is not None:
        _put(connection, owner, found[new.file], new, at)


def remove(connection: Connection, owner: str, at: Milliseconds) -> None:
    """Delete the picture of `owner`, if there is one."""
    remove_files(connection, files.c.picture_of == owner, at)


def _put(connection: Connection, owner: str, file: StoredFile, new: NewPicture, at: Milliseconds) -> None:
    fields = {
        "picture_of": owner,
        "type": "image/webp",
        "size": new.size,
        "backend": new.backend,
        "key": new.key,
        "thumbnails": new.thumbnails,
        "width": None,
        "height": None,
        "thumbhash": None,
        "touched_at": at,
    }
    connection.execute(update(files).where(files.c.id == file.id).values(fields))
    queue_removals(connection, {(file.backend, file.key)}, at)
