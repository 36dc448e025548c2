"""The half of the store that is about files: see chat.ports.FileRecords. The work itself is in `read.files` and `write.files`;
this class runs it in threads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection
from typing import TypeVar

from sqlalchemy import Connection

from suhbat.chat.model import Actor, Change, FileContent, FilePage, Milliseconds, Removal, StoredBytes, StoredFile
from suhbat.protocol.files import FileKind

from .read import files as reading
from .read.floor import LobbyHistory
from .write import files as writing

T = TypeVar("T")


class FilesOverSQL:
    """Reads through `_read`, and writes through the writer, in one batch with messages."""

    _lobby_history: LobbyHistory

    @abstractmethod
    async def _read(self, run: Callable[[Connection], T], *, aside: bool = False) -> T: ...

    @abstractmethod
    async def _write(self, run: Callable[[Connection], T], *changes: Change, quota: str | None = None) -> T: ...

    async def link_secret(self) -> bytes:
        return await self._write(writing.link_secret)

    async def file_place(self, proposed: str) -> str:
        return await self._write(lambda c: writing.place(c, proposed))

    async def begin_file(self, file: StoredFile, quota: int) -> None:
        await self._write(lambda c: writing.begin(c, file, quota), quota=file.uid)

    async def copy_file(self, actor: Actor, id: str, copy: str, at: Milliseconds, quota: int) -> StoredFile:
        return await self._write(
            lambda c: writing.copy(c, actor, id, copy, at, quota, self._lobby_history), quota=actor.uid
        )

    async def file(self, id: str) -> StoredFile | None:
        return await self._read(lambda c: reading.by_id(c, id))

    async def advance_file(
        self, file: StoredFile, received: int, at: Milliseconds, *, is_last: bool = False
    ) -> StoredFile | None:
        return await self._write(lambda c: writing.advance(c, file, received, at, is_last=is_last))

    async def claim_file(self, id: str, before: Milliseconds, at: Milliseconds) -> StoredFile | None:
        return await self._write(lambda c: writing.claim(c, id, before, at))

    async def finish_file(self, file: StoredFile, content: FileContent, at: Milliseconds) -> StoredFile | None:
        return await self._write(lambda c: writing.finish(c, file, content, at))

    async def delete_file(self, uid: str, id: str, at: Milliseconds) -> None:
        await self._write(lambda c: writing.drop(c, uid, id, at))

    async def readable_file(self, actor: Actor, id: str) -> StoredFile:
        return await self._read(lambda c: reading.readable(c, actor, id, self._lobby_history))

    async def shared_file(self, id: str) -> StoredFile:
        return await self._read(lambda c: reading.shared(c, id))

    async def picture(self, owner: str) -> StoredFile:
        return await self._read(lambda c: reading.picture(c, owner))

    async def picture_of_room(self, actor: Actor, conversation: str) -> StoredFile:
        return await self._read(lambda c: reading.picture_of_room(c, actor, conversation))

    async def shared_files(
        self,
        actor: Actor,
        conversation: str,
        *,
        kind: FileKind | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> FilePage:
        history = self._lobby_history
        return await self._read(
            lambda c: reading.page(c, actor, conversation, history, kind=kind, before=before, limit=limit)
        )

    async def unfinished_files(self, before: Milliseconds) -> Collection[str]:
        return await self._read(lambda c: reading.unfinished(c, before))

    async def expire_files(self, before: Milliseconds, at: Milliseconds) -> int:
        return await self._write(lambda c: writing.expire(c, before, at))

    async def plan_removal(self, backend: str, key: str, due: Milliseconds) -> None:
        await self._write(lambda c: writing.queue_removals(c, {(backend, key)}, due))

    async def removals(self, at: Milliseconds) -> Collection[Removal]:
        return await self._read(lambda c: reading.due_removals(c, at))

    async def postpone_removals(self, ids: Collection[int], due: Milliseconds) -> None:
        await self._write(lambda c: writing.postpone(c, ids, due))

    async def finish_removals(self, ids: Collection[int]) -> None:
        await self._write(lambda c: writing.finish_removals(c, ids))

    async def complete_bytes(self, backend: str, above: str) -> Collection[StoredBytes]:
        return await self._read(lambda c: reading.complete_bytes(c, backend, above))

    async def bytes_moved(self, bytes_: StoredBytes, backend: str, key: str, at: Milliseconds) -> bool:
        return await self._write(lambda c: writing.move(c, bytes_, backend, key, at))
