"""Static files over HTTP: their media types, validators, and compression.

Only public files are compressed. They hold nothing secret and nothing that a request chooses, so the length of an answer
tells nobody anything (BREACH does not apply).
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
"""Media types by suffix. Python's own table includes the Windows registry, which may call JavaScript plain text."""

COMPRESSED = frozenset((".html", ".css", ".js", ".json", ".webmanifest", ".svg"))
"""The suffixes of files that become smaller."""
SMALL = 256
"""Bytes. A shorter file is not compressed, because the headers are most of the answer."""


@dataclass(frozen=True)
class Content:
    """A file in memory: its bytes, the same compressed (None if that is not smaller), and a digest of its bytes."""

    plain: bytes
    packed: bytes | None
    digest: str
    media_type: str


def content(name: str, plain: bytes) -> Content:
    """The content of a file of this name. Compressing 300 KB takes some 20 ms: call it in a thread, once for each file."""
    suffix = PurePath(name).suffix
    packed = gzip.compress(plain, 9, mtime=0) if suffix in COMPRESSED and len(plain) >= SMALL else None
    if packed is not None and len(packed) >= len(plain):
        packed = None
    digest = hashlib.sha256(plain).hexdigest()[:20]
    return Content(plain, packed, digest, MEDIA_TYPES.get(suffix, "application/octet-stream"))


def answer(found: Content, asked: Headers, headers: Mapping[str, str]) -> Response:
    """The response with this content, compressed if the client takes gzip; 304 if the client has it. The two forms have
    different strong validators (RFC 9110 §8.8.3.3)."""
    packed = found.packed if takes_gzip(asked.get("accept-encoding", "")) else None
    tag = f'"{found.digest}{"" if packed is None else "-gzip"}"'
    sent = {**headers, "etag": tag, "vary": "Accept-Encoding"}
    if tag in (one.strip().removeprefix("W/") for one in asked.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=sent)
    if packed is None:
        return Response(found.plain, headers=sent, media_type=found.media_type)
    return Response(packed, headers={**sent, "content-encoding": "gzip"}, media_type=found.media_type)


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding allows gzip. `q=0` refuses it (RFC 9110 §12.5.3)."""
    for one in accepted.lower().split(","):
        coding, _, weight = one.partition(";")
        if coding.strip() in ("gzip", "x-gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


class Files(StaticFiles):
    """The files of one directory with the media types above. Browsers revalidate them at each use."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if not isinstance(response, FileResponse) or PurePath(response.path).suffix not in COMPRESSED:
            return response
        modified = response.stat_result.st_mtime_ns if response.stat_result else 0
        found = await run_in_threadpool(_read, str(response.path), modified)
        return answer(found, Headers(scope=scope), {"cache-control": "no-cache"})

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        suffix = PurePath(full_path).suffix
        if suffix in COMPRESSED:
            return FileResponse(full_path, status_code, stat_result=stat_result)  # get_response answers from memory
        response = super().file_response(full_path, stat_result, scope, status_code)
        if suffix in MEDIA_TYPES:
            response.headers["content-type"] = MEDIA_TYPES[suffix]
        response.headers["cache-control"] = "no-cache"
        return response


@lru_cache(maxsize=128)
def _read(path: str, modified: int) -> Content:
    """The file as it was at this time. `modified` is part of the key only, so that a changed file is read again."""
    return content(path, Path(path).read_bytes())
