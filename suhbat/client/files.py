"""Files: uploads in pieces that go on after a failure (tus 1.0.0), and downloads. Streamed from and to the disk."""

from __future__ import annotations

import asyncio
import base64
import json
import mimetypes
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlsplit

from suhbat.protocol.files import File

from .backoff import Backoff
from .bodies import BodyAnswer, fetch, save
from .errors import Unreachable
from .web import Address

FIRST_PIECE = 256 * 1024
"""Bytes of the first piece of an upload. Later ones are as large as the connection carries in about a second."""
SMALLEST_PIECE = 64 * 1024
LARGEST_PIECE = 8 * 1024 * 1024
PIECE_SECONDS = 1.0
BLOCK = 256 * 1024
"""Bytes of a download that are written at once."""
READY_SECONDS = 0.2
"""The first pause between two questions whether a file is ready. The pauses grow to LONGEST_SECONDS."""
LONGEST_SECONDS = 5.0
ANEW = 2
"""How often an upload that the server no longer knows begins anew."""

_PASSING = frozenset((408, 409, 423, 429))
"""Statuses below 500 after which another attempt may help."""
_TUS = {"Tus-Resumable": "1.0.0"}
_BYTES = {**_TUS, "Content-Type": "application/offset+octet-stream"}


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """How far a transfer is. `id`: of the file on the server, "" before the first answer. `done`, `size`: bytes."""

    id: str
    done: int
    size: int


Progress = Callable[[TransferProgress], object]


class FileTransfers:
    """The uploads and downloads of one chat. `token`: gives the token of its user."""

    def __init__(
        self,
        address: Address,
        token: Callable[[], Awaitable[str]],
        uniform: Callable[[float, float], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self._address = address
        self._token = token
        self._uniform = uniform
        self._sleep = sleep

    async def upload(self, path: Path, progress: Progress | None, id: str = "") -> File:
        """Upload a file; gives it when the server has processed it. Raises Refused, and OSError if it cannot be read."""
        size = (await asyncio.to_thread(path.stat)).st_size
        backoff, begun, piece = Backoff(self._uniform), 0, FIRST_PIECE
        done, is_sure, data = 0, not id, b""
        while not (id and is_sure and done == size):
            if progress is not None:
                progress(TransferProgress(id, done, size))
            if not is_sure:
                answer = await self._ask("HEAD", f"/{id}", _TUS)
            elif not id:
                data = await asyncio.to_thread(_read, path, 0, piece)
                headers = {**_BYTES, "Upload-Length": str(size), "Upload-Metadata": _metadata(path.name)}
                answer = await self._ask("POST", "", headers, data)
            else:
                data = await asyncio.to_thread(_read, path, done, piece)
                if not data:
                    raise OSError(f"{path} has become shorter")
                answer = await self._ask("PATCH", f"/{id}", {**_BYTES, "Upload-Offset": str(done)}, data)
            offset = answer.headers.get("upload-offset", "")
            if answer.is_good and offset.isdecimal():
                id = id or answer.headers.get("location", "").rpartition("/")[2]
                if is_sure:
                    piece = _fitting(piece, len(data), answer.seconds)
                done, is_sure = int(offset), True
                backoff.reset()
            elif answer.status in (404, 410) and id and begun < ANEW:
                id, done, is_sure, begun = "", 0, True, begun + 1  # it has expired
            elif answer.status == 413 and not answer.body and piece > SMALLEST_PIECE:
                piece = max(SMALLEST_PIECE, piece // 4)  # a proxy takes only smaller bodies
            else:
                await self._pause(answer, backoff)
                is_sure = not id
        if progress is not None:
            progress(TransferProgress(id, size, size))
        return await self._processed(id, backoff)

    async def forward(self, id: str) -> File:
        """A new file over the bytes of another one. Raises Refused."""
        return File.model_validate((await self.insist("POST", "/files", {"from": id})).body["file"])

    async def download(self, file: File, target: Path, progress: Progress | None) -> Path:
        """Write the bytes of a file to `target`, or into it under the file's name if it is a directory. Goes on after a
        failure. Raises Refused, OSError."""
        if await asyncio.to_thread(target.is_dir):
            target = target / _plain_name(file)
        part = target.with_name(f"{target.name}.part")
        backoff, done, tag = Backoff(self._uniform), 0, ""
        await asyncio.to_thread(part.write_bytes, b"")
        while True:
            before = done
            headers = {"Range": f"bytes={done}-", "If-Range": tag} if done else {}
            answer = await asyncio.to_thread(save, self._url(file), await self._token(), headers, part, done, BLOCK)
            done, tag = answer.at, answer.headers.get("etag", tag)
            if progress is not None:
                progress(TransferProgress(file.id, done, file.size))
            if answer.is_good and done == file.size:
                await asyncio.to_thread(os.replace, part, target)
                return target
            if done > before:
                backoff.reset()
            await self._pause(answer, backoff)

    def _url(self, file: File) -> str:
        root = self._address.http.removesuffix("/api/v1")
        return file.url if urlsplit(file.url).scheme else f"{root}{file.url}"

    async def _processed(self, id: str, backoff: Backoff) -> File:
        wait = READY_SECONDS
        while True:
            answer = await self._ask("GET", f"/{id}", {})
            if answer.is_good:
                file = File.model_validate(answer.body["file"])
                if file.state == "ready":
                    return file
                await self._sleep(wait)
                wait = min(wait * 1.5, LONGEST_SECONDS)
            else:
                await self._pause(answer, backoff)

    async def insist(
        self, method: str, path: str, body: object = None, *, waits: bool = True, once: bool = False
    ) -> BodyAnswer:
        """The good answer to a request that may be repeated. `path`: below /api/v1, quoted. `waits`: whether to wait and try
        again if the server has had too many. `once`: it is repeated only after an answer that says that nothing has happened.
        Raises Refused; with `once` also Unreachable."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        backoff = Backoff(self._uniform)
        while True:
            url = f"{self._address.http}{path}"
            answer = await asyncio.to_thread(fetch, method, url, await self._token(), headers, data)
            if answer.is_good:
                return answer
            if once and answer.is_unclear:
                raise Unreachable(str(answer.refusal))
            if answer.status == HTTPStatus.CONFLICT and answer.body.get("code") != "file_not_ready":
                raise answer.refusal  # it will not pass
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS and not waits:
                raise answer.refusal
            await self._pause(answer, backoff)

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], data: bytes | None = None) -> BodyAnswer:
        url = f"{self._address.http}/files{quote(path)}"
        return await asyncio.to_thread(fetch, method, url, await self._token(), headers, data)

    async def _pause(self, answer: BodyAnswer, backoff: Backoff) -> None:
        """Wait before the next attempt. Raises Refused if none would help."""
        passes = answer.is_good or answer.status == 0 or answer.status in _PASSING or 500 <= answer.status != 507
        if not passes:
            raise answer.refusal
        await self._sleep(max(answer.refusal.retry_after or 0.0, backoff.next()))


def _plain_name(file: File) -> str:
    """A name that stays in its directory, whatever a server says."""
    name = file.name.replace("\\", "/").rpartition("/")[2].replace("\0", "")
    return file.id if name in ("", ".", "..") else name


def _read(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


def _fitting(piece: int, sent: int, seconds: float) -> int:
    """The size of the next piece."""
    fitting = int(sent * PIECE_SECONDS / max(seconds, 0.001))
    return min(max(fitting, piece // 2, SMALLEST_PIECE), piece * 2, LARGEST_PIECE)


def _metadata(name: str) -> str:
    pairs = {"filename": name, "filetype": mimetypes.guess_type(name)[0] or ""}
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items() if value)
