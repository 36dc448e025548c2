"""The records of files."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from suhbat.chat.model import Actor, FileContent, FilePage, Milliseconds, Removal, StoredBytes, StoredFile
from suhbat.protocol.files import FileKind


class FileReader(Protocol):
    """Files as people read them."""

    async def readable_file(self, actor: Actor, id: str) -> StoredFile:
        """A file that is ready and that the actor may download: they may read its message, or own it while no message shows
        it. Raises NotFound."""
        ...

    async def shared_file(self, id: str) -> StoredFile:
        """A file that a message shows, without asking who reads it. Raises NotFound."""
        ...

    async def picture(self, owner: str) -> StoredFile:
        """The picture of a user, by their uid, whoever asks. Raises NotFound."""
        ...

    async def picture_of_room(self, actor: Actor, conversation: str) -> StoredFile:
        """The picture of a conversation that the actor may see. Raises NotFound, Forbidden."""
        ...

    async def shared_files(
        self,
        actor: Actor,
        conversation: str,
        *,
        kind: FileKind | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> FilePage:
        """What was shared in a conversation, as far as the actor may read it, newest first, below the `seq` `before`. A page
        does not end within a message. Raises NotFound, Forbidden."""
        ...


class FileRecords(FileReader, Protocol):
    """Who owns which file, and which message shows it. The bytes are elsewhere. All methods raise Busy or StorageUnavailable if
    the store cannot be reached."""

    async def begin_file(self, file: StoredFile, quota: int) -> None:
        """Store a new upload, and reserve its size. Raises QuotaExceeded, however many uploads begin at once."""
        ...

    async def copy_file(self, actor: Actor, id: str, copy: str, at: Milliseconds, quota: int) -> StoredFile:
        """Make a new file `copy` of the actor over the bytes of one that they may download; no message shows it. The bytes go
        with the last file that has them. Raises NotFound; QuotaExceeded, because a copy counts like an upload."""
        ...

    async def link_secret(self) -> bytes:
        """The secret with which links are signed. It is made once, and all nodes have the same."""
        ...

    async def file_place(self, proposed: str) -> str:
        """The marker of the directory in which all nodes store files; `proposed`, if there was none."""
        ...

    async def file(self, id: str) -> StoredFile | None: ...

    async def advance_file(
        self, file: StoredFile, received: int, at: Milliseconds, *, is_last: bool = False
    ) -> StoredFile | None:
        """So many bytes of the upload are flushed now. With the last one it is "processing". `is_last`: it ends here, with
        fewer bytes than were reserved. None if the record is not as in `file` any more: another request has moved it, or it is
        gone."""
        ...

    async def claim_file(self, id: str, before: Milliseconds, at: Milliseconds) -> StoredFile | None:
        """Take over a file that has been "processing" since `before`; None if somebody else has, or it is finished."""
        ...

    async def finish_file(self, file: StoredFile, content: FileContent, at: Milliseconds) -> StoredFile | None:
        """A "processing" file is ready. If it has new bytes, the old ones are queued for removal. None if it is gone; then the
        new bytes are queued."""
        ...

    async def delete_file(self, uid: str, id: str, at: Milliseconds) -> None:
        """Delete a file that no message shows. Raises NotFound if it is not this user's, FileInUse."""
        ...

    async def unfinished_files(self, before: Milliseconds) -> Collection[str]:
        """The ids of some files that have been "processing" since `before`."""
        ...

    async def expire_files(self, before: Milliseconds, at: Milliseconds) -> int:
        """Delete some files that no message shows and that nobody has touched since `before`. Returns how many."""
        ...

    async def plan_removal(self, backend: str, key: str, due: Milliseconds) -> None:
        """Bytes with this key are about to be stored. They are removed at `due`, unless a picture takes them before."""
        ...

    async def removals(self, at: Milliseconds) -> Collection[Removal]:
        """Some bytes that must be removed by now."""
        ...

    async def postpone_removals(self, ids: Collection[int], due: Milliseconds) -> None:
        """These could not be removed; try again at `due`."""
        ...

    async def finish_removals(self, ids: Collection[int]) -> None:
        """These bytes are removed."""
        ...

    async def complete_bytes(self, backend: str, above: str) -> Collection[StoredBytes]:
        """Some bytes in this store of files that are ready, in the order of their keys, above the key `above`."""
        ...

    async def bytes_moved(self, bytes_: StoredBytes, backend: str, key: str, at: Milliseconds) -> bool:
        """These bytes are in another store now, under another key: all files have them there, and the old ones are removed at
        `at`. False if no file has them any more; then the new ones are removed."""
        ...
