"""The tables of files. Their bytes are in a `files.store.FileStore`; these rows say who owns them and what shows them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ColumnElement, ForeignKey, Index, Table, Text, text

from .schema import RowId, metadata

files = Table(
    "files",
    metadata,
    Column("id", Text, primary_key=True),
    Column("uid", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("claimed", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("backend", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("thumbnails", Text, nullable=False),
    Column("width", BigInteger),
    Column("height", BigInteger),
    Column("duration", BigInteger),
    Column("thumbhash", Text),
    Column("waveform", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("touched_at", BigInteger, nullable=False),
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE")),
    Column("seq", BigInteger),
    Column("position", BigInteger),
    Column("picture_of", Text),
    Index("files_uid", "uid", "size"),
    Index("files_key", "key"),
    Index("files_place", "conversation_id", "seq", "position", unique=True, sqlite_where=text("seq IS NOT NULL")),
    Index("files_kind", "conversation_id", "kind", "seq", "position", sqlite_where=text("seq IS NOT NULL")),
    Index("files_loose", "touched_at", sqlite_where=text("seq IS NULL AND picture_of IS NULL")),
    Index("files_loose_of", "uid", sqlite_where=text("seq IS NULL AND picture_of IS NULL")),
    Index("files_picture", "picture_of", unique=True, sqlite_where=text("picture_of IS NOT NULL")),
    sqlite_with_rowid=False,
)
"""Files. uid: of the owner. claimed: the media type that the client gave; type: the one that the content shows. Before `state`
is "ready", type and kind are empty.

length: the bytes that the upload announced; received: those that are flushed and acknowledged; size: those that count for the
quota, which is `length` until the file is ready, then what is left of it. key: the name of the bytes in the store `backend`;
several files may share them, and the bytes go with the last one. thumbnails: the sizes of those beside the bytes, with spaces
between. duration: in milliseconds. waveform: from the client, base64.

conversation_id, seq, position: the message that shows the file, and the place in its list. picture_of: the uid or the name of
the conversation whose picture it is. Without any of them the file is *loose*, and is deleted a day after touched_at."""

IS_LOOSE: ColumnElement[bool] = files.c.seq.is_(None) & files.c.picture_of.is_(None)

removals = Table(
    "removals",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("backend", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("due", BigInteger, nullable=False),
    Index("removals_due", "due"),
)
"""Bytes that no file has any more, to be removed after `due`. Written in the transaction that deletes the last file; removing
the bytes twice does nothing, so a crash between that and deleting the row costs nothing."""
