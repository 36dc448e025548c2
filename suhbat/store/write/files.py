"""Writing the records of files. Bytes that no record has any more are queued for removal in the same transaction."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, select, update

from suhbat.chat.files import cleaned_key, upload_refusal
from suhbat.chat.model import Actor, FileContent, Milliseconds, StoredBytes, StoredFile
from suhbat.errors import FileInUse, NotFound
from suhbat.store import kept
from suhbat.store.read.files import FEW, RECORD, readable
from suhbat.store.read.floor import LobbyHistory
from suhbat.store.sqlite.values import parts
from suhbat.store.tables import IS_LOOSE, files, removals

LINKS = "file_links"
"""The key in `meta` of the secret with which links are signed."""


def new_file_id() -> str:
    """80 random bits. The id gives no access; still it should not be guessed."""
    return "f" + secrets.token_hex(10)


def link_secret(connection: Connection) -> bytes:
    """See `chat.ports.FileRecords.link_secret`."""
    return bytes.fromhex(kept.keep(connection, LINKS, secrets.token_hex(32)))


def place(connection: Connection, proposed: str) -> str:
    """See `chat.ports.FileRecords.file_place`."""
    return kept.keep(connection, "file_place", proposed)


def begin(connection: Connection, file: StoredFile, quota: int) -> None:
    """See `chat.ports.FileRecords.begin_file`. Its `Work` names the user's quota: one at a time looks at the sum and adds."""
    mine = files.c.uid == file.uid
    # Two queries, each of which an index answers alone: everybody's messages wait while a user with many files is counted.
    open_ = connection.execute(select(func.count()).where(mine, IS_LOOSE)).scalar_one()
    used = number = 0
    if quota:
        sums = select(func.coalesce(func.sum(files.c.size), 0), func.count()).where(mine)
        used, number = map(int, connection.execute(sums).one())
    if (refusal := upload_refusal(file.size, used, number, open_, quota)) is not None:
        raise refusal
    connection.execute(insert(files), asdict(file))


def copy(
    connection: Connection,
    actor: Actor,
    id: str,
    copy: str,
    at: Milliseconds,
    quota: int,
    lobby_history: LobbyHistory,
) -> StoredFile:
    """See `chat.ports.FileRecords.copy_file`."""
    # While the record is locked, another node cannot delete it. If that node was first, its file is gone here; otherwise it
    # sees the copy, and the bytes stay (see `remove`).
    connection.execute(select(files.c.id).where(files.c.id == id).with_for_update(read=True))
    file = replace(
        readable(connection, actor, id, lobby_history),
        id=copy, uid=actor.uid, created_at=at, touched_at=at, conversation_id=None, seq=None, position=None,
    )  # fmt: skip
    begin(connection, file, quota)
    return file


def advance(
    connection: Connection, file: StoredFile, received: int, at: Milliseconds, *, is_last: bool
) -> StoredFile | None:
    """See `chat.ports.FileRecords.advance_file`."""
    as_known = (files.c.id == file.id, files.c.state == "uploading", files.c.received == file.received)
    changed: dict[str, Any] = {"received": received, "touched_at": at}
    if is_last:
        changed |= {"length": received, "size": received}
    if is_last or received == file.length:
        changed["state"] = "processing"
    row = connection.execute(update(files).where(*as_known).values(changed).returning(*RECORD)).one_or_none()
    return None if row is None else StoredFile(*row)


def claim(connection: Connection, id: str, before: Milliseconds, at: Milliseconds) -> StoredFile | None:
    """See `chat.ports.FileRecords.claim_file`."""
    is_due = (files.c.id == id, files.c.state == "processing", files.c.touched_at <= before)
    row = connection.execute(update(files).where(*is_due).values(touched_at=at).returning(*RECORD)).one_or_none()
    return None if row is None else StoredFile(*row)


def finish(connection: Connection, file: StoredFile, content: FileContent, at: Milliseconds) -> StoredFile | None:
    """See `chat.ports.FileRecords.finish_file`."""
    as_known = (files.c.id == file.id, files.c.state == "processing", files.c.key == file.key)
    found: dict[str, Any] = asdict(content)
    if content.duration is None:
        del found["duration"]  # the client may have told it
    if content.kind == "video":
        del found["thumbhash"]  # only its client has seen a frame of it
    changed = update(files).where(*as_known).values(**found, state="ready", touched_at=at).returning(*RECORD)
    row = connection.execute(changed).one_or_none()
    if row is None or content.key != file.key:
        # What was uploaded is replaced; or nobody wants what it became. The other of them may have gone meanwhile.
        queue_removals(connection, {(file.backend, file.key), (file.backend, content.key)}, at)
    return None if row is None else StoredFile(*row)


def drop(connection: Connection, uid: str, id: str, at: Milliseconds) -> None:
    """See `chat.ports.FileRecords.delete_file`."""
    mine = (files.c.id == id, files.c.uid == uid)
    # `remove` locks every record of the same bytes, in one order, so none is locked before. A message may get it meanwhile.
    if remove(connection, and_(*mine, IS_LOOSE), at):
        return
    if connection.execute(select(files.c.id).where(*mine)).first() is None:
        raise NotFound("not_found.file")
    raise FileInUse()


def drop_loose_of(connection: Connection, uid: str, at: Milliseconds) -> None:
    """Delete the files of a user that no message shows."""
    remove(connection, (files.c.uid == uid) & IS_LOOSE, at)


def drop_of_message(connection: Connection, log_id: int, seq: int, at: Milliseconds) -> None:
    """Delete the files of a message, which is being deleted."""
    remove(connection, (files.c.conversation_id == log_id) & (files.c.seq == seq), at)


def drop_up_to(connection: Connection, log_id: int, last: int, at: Milliseconds) -> None:
    """Delete the files of all messages of a log up to this `seq`, which retention deletes."""
    remove(connection, (files.c.conversation_id == log_id) & (files.c.seq <= last), at)


def expire(connection: Connection, before: Milliseconds, at: Milliseconds) -> int:
    """See `chat.ports.FileRecords.expire_files`."""
    is_old = (IS_LOOSE, files.c.touched_at < before)
    ids = connection.execute(select(files.c.id).where(*is_old).order_by(files.c.touched_at).limit(FEW)).scalars().all()
    return remove(connection, files.c.id.in_(ids) & and_(*is_old), at) if ids else 0


def remove(connection: Connection, condition: ColumnElement[bool], at: Milliseconds) -> int:
    """Delete these records, and queue the bytes that no record has any more. Returns how many were deleted."""
    # Locked in one order, with every record of the same bytes: of two transactions that delete the last two records, the
    # second one sees that the first is gone. While this one waits, a message may have got a file: it is asked again.
    columns = (files.c.id, files.c.backend, files.c.key, files.c.state)
    found = connection.execute(select(files.c.id, files.c.key).where(condition)).all()
    for part in parts(sorted({row.key for row in found})):
        connection.execute(select(files.c.id).where(files.c.key.in_(part)).order_by(files.c.id).with_for_update())
    rows: list[Row[tuple[str, str, str, str]]] = []
    for some in parts(sorted(row.id for row in found)):
        deleted = delete(files).where(files.c.id.in_(some), condition).returning(*columns)
        rows += connection.execute(deleted)
    if not rows:
        return 0
    gone = {(row.backend, row.key) for row in rows}
    # What is made of them may be there already, if the process ended before it could say so.
    gone |= {(row.backend, cleaned_key(row.key)) for row in rows if row.state == "processing"}
    queue_removals(connection, gone, at)
    return len(rows)


def move(connection: Connection, bytes_: StoredBytes, backend: str, key: str, at: Milliseconds) -> bool:
    """See `chat.ports.FileRecords.bytes_moved`."""
    old, new = (bytes_.backend, bytes_.key), (backend, key)
    has_them = (files.c.backend == bytes_.backend, files.c.key == bytes_.key, files.c.state == "ready")
    moved = connection.execute(update(files).where(*has_them).values(backend=backend, key=key)).rowcount > 0
    # A file that was forwarded by another node meanwhile still has the old bytes. Then they stay, and are moved again.
    queue_removals(connection, {old} if moved else {new}, at)
    return moved


def queue_removals(connection: Connection, bytes_: Collection[tuple[str, str]], at: Milliseconds) -> None:
    """Queue those of these bytes (backend, key) that no record has."""
    for part in parts(sorted(bytes_)):
        used = set(connection.execute(select(files.c.key).where(files.c.key.in_([key for _, key in part]))).scalars())
        rows = [{"backend": backend, "key": key, "due": at} for backend, key in part if key not in used]
        if rows:
            connection.execute(insert(removals), rows)


def postpone(connection: Connection, ids: Collection[int], due: Milliseconds) -> None:
    """See `chat.ports.FileRecords.postpone_removals`."""
    connection.execute(update(removals).where(removals.c.id.in_(ids)).values(due=due))


def finish_removals(connection: Connection, ids: Collection[int]) -> None:
    """See `chat.ports.FileRecords.finish_removals`."""
    connection.execute(delete(removals).where(removals.c.id.in_(ids)))
