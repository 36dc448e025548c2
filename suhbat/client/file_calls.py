"""The calls of `Suhbat` for files and pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Literal

from suhbat.errors import Forbidden
from suhbat.protocol.files import File
from suhbat.protocol.objects import ConversationState, Person

from .asking import Asking
from .errors import Refused
from .files import Progress
from .pictures import Pictures

Sendable = str | PathLike[str] | File
"""A path, or a file that was uploaded."""
UPLOADS_AT_ONCE = 3


class FileCalls(Asking):
    """Part of `Suhbat`."""

    async def upload(self, path: str | PathLike[str], *, progress: Progress | None = None, id: str = "") -> File:
        """Upload a file, to be sent later; gives it when the server has processed it.

        The bytes are streamed from the disk in pieces. After a failure that may pass, the upload asks how much the server has
        and goes on there, with the pauses of a reconnection. `progress` gets a `TransferProgress` after each piece. To go on
        after a restart of the program, give the `id` that it told. Raises OSError for a file that cannot be read, Refused."""
        return await self._transfers.upload(Path(path), progress, id)

    async def forward(self, file: File | str) -> File:
        """Make a file of one's own over the bytes of a file (or its id) that one may download, to be sent elsewhere. Nothing is
        uploaded. It is deleted after a day if it is not sent. Raises Refused."""
        return await self._transfers.forward(file.id if isinstance(file, File) else file)

    async def download(self, file: File, target: str | PathLike[str], *, progress: Progress | None = None) -> Path:
        """Write a file of a message to the path `target`, or into that directory under its own name; gives the path. It goes on
        after a failure, as an upload does. Raises Refused, OSError if it cannot be written."""
        return await self._transfers.download(file, Path(target), progress)

    async def set_picture(self, file: Sendable, *, conversation: str | None = None) -> str:
        """Make an image the picture of the user, or of this room; gives its version. A path is uploaded first. The server
        keeps a square from its middle. Raises Refused, OSError for a file that cannot be read."""
        if conversation is None and self.user.kind == "guest":
            refusal = Forbidden("forbidden.guest")  # the server's, which would come only after the upload
            raise Refused(refusal.code, refusal.message("en"))
        id = file.id if isinstance(file, File) else (await self._transfers.upload(Path(file), None)).id
        return await Pictures(self._transfers).set(id, conversation)

    async def remove_picture(self, *, conversation: str | None = None, of: Person | None = None) -> None:
        """Remove the picture of the user, or of this room, or (as a moderator of the server) of somebody else. Raises
        Refused."""
        await Pictures(self._transfers).remove(conversation, of)

    async def picture(self, of: Person | ConversationState, *, size: Literal[64, 256] = 256) -> bytes | None:
        """The picture of a user or a room, a square in WebP; None if there is none. `size`: its side in pixels; of a small
        image it is smaller. Raises Refused."""
        return await Pictures(self._transfers).load(of, size)

    async def _uploaded(self, files: Sequence[Sendable], progress: Progress | None) -> list[str]:
        """The ids of these files, in order."""
        if not files:
            return []
        limit = asyncio.Semaphore(UPLOADS_AT_ONCE)

        async def one(file: Sendable) -> str:
            if isinstance(file, File):
                return file.id
            async with limit:
                return (await self._transfers.upload(Path(file), progress)).id

        tasks = [asyncio.ensure_future(one(file)) for file in files]
        try:
            return await asyncio.gather(*tasks)
        except BaseException:  # one was refused, or the caller gave up: the others end, too
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            raise
