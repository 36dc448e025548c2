"""Posts with files: each file is shown by one message, from its transaction on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, replace
from typing import Any

from sqlalchemy import Connection, select

from suhbat.chat.files import attach_refusal
from suhbat.chat.model import Post, StoredFile
from suhbat.errors import SuhbatError
from suhbat.protocol.files import File
from suhbat.store.dialect import insert_rows, update_rows
from suhbat.store.read.files import RECORD
from suhbat.store.sqlite.values import parts
from suhbat.store.tables import files

from .files import new_file_id
from .logs import Log


class FilePosts:
    """The files of one run of posts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, StoredFile] = {}
        self._rows: list[tuple[str, int, int, int]] = []
        """id, conversation_id, seq, position."""
        self._copies: list[tuple[Any, ...]] = []
        self._taken: set[str] = set()

    def load(self, posts: Sequence[Post]) -> None:
        """Read and lock the records, in one order, so that no other node attaches or deletes them meanwhile."""
        for part in parts(sorted({id_ for post in posts for id_ in post.files})):
            wanted = select(*RECORD).where(files.c.id.in_(part)).order_by(files.c.id).with_for_update()
            self._known.update((row.id, StoredFile(*row)) for row in self._connection.execute(wanted))

    def refusal(self, post: Post) -> SuhbatError | None:
        """Why the post may not have these files."""
        seen: set[str] = set()
        for id_ in post.files:
            is_taken = id_ in self._taken or id_ in seen
            refused = attach_refusal(post.actor.uid, self._known.get(id_), is_taken=is_taken)
            if refused is not None:
                return refused
            seen.add(id_)
        return None

    def take(self, post: Post, log: Log, seq: int) -> tuple[File, ...]:
        """The post was not refused and becomes the message `seq`. Returns its files as the message shows them."""
        self._taken.update(post.files)
        self._rows += [(id_, log.id, seq, position) for position, id_ in enumerate(post.files)]
        return tuple(self._known[id_].shown for id_ in post.files)

    def copy(self, post: Post, log: Log, seq: int) -> tuple[File, ...]:
        """The message `seq` shows the same once more: new records over the same bytes, which go with the last of them."""
        copies = [
            replace(self._known[id_], id=new_file_id(), conversation_id=log.id, seq=seq, position=position)
            for position, id_ in enumerate(post.files)
        ]
        self._copies += map(astuple, copies)
        return tuple(file.shown for file in copies)

    def flush(self) -> None:
        """Write which message shows which file."""
        insert_rows(self._connection, files, self._copies)
        update_rows(self._connection, files, ("id",), ("conversation_id", "seq", "position"), self._rows, add=False)
