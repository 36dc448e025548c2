"""Reading the records of files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, func, select

from suhbat.chat.model import Actor, FilePage, Milliseconds, Removal, SharedFile, StoredBytes, StoredFile
from suhbat.errors import NotFound, SuhbatError
from suhbat.protocol.files import FileKind
from suhbat.protocol.types import MAX_PAGE
from suhbat.store.tables import IS_LOOSE, VISIBLE_ABOVE, conversations, events, files, removals

from .floor import LobbyHistory, floor_of, visible

RECORD = tuple(files.c[name] for name in StoredFile.__slots__)
"""The columns of a `StoredFile`, in its order."""
FEW = 100
"""Files or removals read at once, at most."""

_SAME = (events.c.conversation_id == files.c.conversation_id) & (events.c.seq == files.c.seq)


def by_id(connection: Connection, id: str) -> StoredFile | None:
    row = connection.execute(select(*RECORD).where(files.c.id == id)).one_or_none()
    return None if row is None else StoredFile(*row)


def readable(connection: Connection, actor: Actor, id: str, lobby_history: LobbyHistory) -> StoredFile:
    """See `chat.ports.FileRecords.readable_file`. Every refusal is the same."""
    shown = select(*RECORD, conversations.c.name.label("conversation"), VISIBLE_ABOVE.label("visible_above"))
    tables = files.outerjoin(events, _SAME).outerjoin(conversations, conversations.c.id == files.c.conversation_id)
    row = connection.execute(shown.select_from(tables).where(files.c.id == id, files.c.state == "ready")).one_or_none()
    if row is None:
        raise NotFound()
    *fields, conversation, visible_above = row
    file = StoredFile(*fields)
    if file.is_loose:
        if file.uid != actor.uid:
            raise NotFound()
        return file
    if file.picture_of is not None:
        raise NotFound()  # whoever sees its owner reads it, below their address
    try:
        log = visible(connection, actor, conversation, "read")
    except SuhbatError:
        raise NotFound() from None
    if visible_above is None or visible_above <= floor_of(actor, log, lobby_history):
        raise NotFound()
    return file


def picture(connection: Connection, owner: str) -> StoredFile:
    """See `chat.ports.FileReader.picture`."""
    row = connection.execute(select(*RECORD).where(files.c.picture_of == owner)).one_or_none()
    if row is None:
        raise NotFound()
    return StoredFile(*row)


def picture_of_room(connection: Connection, actor: Actor, conversation: str) -> StoredFile:
    """See `chat.ports.FileReader.picture_of_room`."""
    visible(connection, actor, conversation, "see")
    return picture(connection, conversation)


def shared(connection: Connection, id: str) -> StoredFile:
    """See `chat.ports.FileRecords.shared_file`."""
    is_there = files.join(conversations, conversations.c.id == files.c.conversation_id)
    wanted = select(*RECORD).select_from(is_there)
    wanted = wanted.where(files.c.id == id, files.c.state == "ready", conversations.c.kind != "erased")
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise NotFound()
    return StoredFile(*row)


def page(
    connection: Connection,
    actor: Actor,
    conversation: str,
    lobby_history: LobbyHistory,
    *,
    kind: FileKind | None,
    before: int | None,
    limit: int,
) -> FilePage:
    """See `chat.ports.FileRecords.shared_files`. `limit` is clamped to 1-200."""
    log = visible(connection, actor, conversation, "read")
    floor = floor_of(actor, log, lobby_history)
    limit = min(max(limit, 1), MAX_PAGE)
    wanted = shown_in(log.id, floor, kind, before).limit(limit + MOST_OF_ONE)
    rows = connection.execute(wanted).all()
    found: list[SharedFile] = []
    for *fields, sender, sender_uid, at in rows:
        file = StoredFile(*fields)
        assert file.seq is not None
        if len(found) >= limit and found[-1].seq != file.seq:
            return FilePage(tuple(found), found[-1].seq)
        found.append(SharedFile(file.shown, file.seq, sender, sender_uid, at))
    return FilePage(tuple(found), None)


def shown_in(log_id: int, floor: int, kind: FileKind | None, before: int | None) -> Select[tuple[Any, ...]]:
    """The files above a floor, newest first, each with the actor and the time of its message. They are read in the order of an
    index, also those of a rare kind."""
    wanted = (
        select(*RECORD, events.c.actor, events.c.actor_uid, events.c.at)
        .join(events, _SAME)
        .where(files.c.conversation_id == log_id, files.c.seq > floor, floor < VISIBLE_ABOVE)
        .order_by(files.c.seq.desc(), files.c.position)
    )
    if before is not None:
        wanted = wanted.where(files.c.seq < before)
    return wanted if kind is None else wanted.where(files.c.kind == kind)


MOST_OF_ONE = 20
"""More than the files of one message, so that a page can end behind it."""


def unfinished(connection: Connection, before: Milliseconds) -> list[str]:
    """See `chat.ports.FileRecords.unfinished_files`."""
    is_due = (IS_LOOSE, files.c.state == "processing", files.c.touched_at <= before)
    return list(connection.execute(select(files.c.id).where(*is_due).order_by(files.c.touched_at).limit(FEW)).scalars())


def due_removals(connection: Connection, at: Milliseconds) -> list[Removal]:
    """See `chat.ports.FileRecords.removals`."""
    columns = (removals.c.id, removals.c.backend, removals.c.key)
    rows = connection.execute(select(*columns).where(removals.c.due <= at).order_by(removals.c.due).limit(FEW))
    return [Removal(*row) for row in rows]


def stored_bytes(connection: Connection, backend: str) -> Iterator[tuple[str, str, int, int, str]]:
    """Of each file with bytes in this store: key, state, received bytes, size and thumbnails."""
    columns = (files.c.key, files.c.state, files.c.received, files.c.size, files.c.thumbnails)
    query = select(*columns).where(files.c.backend == backend).distinct()
    for row in connection.execute(query, execution_options={"yield_per": 1_000}):
        yield row[0], row[1], row[2], row[3], row[4]


def queued_keys(connection: Connection, backend: str) -> set[str]:
    """The keys of bytes in this store that are to be removed."""
    return set(connection.execute(select(removals.c.key).where(removals.c.backend == backend)).scalars())


def complete_bytes(connection: Connection, backend: str, above: str) -> list[StoredBytes]:
    """See `chat.ports.FileRecords.complete_bytes`."""
    columns = (files.c.backend, files.c.key, files.c.size, files.c.thumbnails)
    wanted = select(*columns).where(files.c.backend == backend, files.c.state == "ready", files.c.key > above)
    return [StoredBytes(*row) for row in connection.execute(wanted.distinct().order_by(files.c.key).limit(FEW))]


def files_by_backend(connection: Connection) -> dict[str, int]:
    """How many files are recorded in each store."""
    rows = connection.execute(select(files.c.backend, func.count()).group_by(files.c.backend))
    return {row[0]: row[1] for row in rows}
