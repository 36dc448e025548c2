"""Which requests are uploads, and the media types of bodies."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import Scope

from suhbat.protocol import tus

UPLOADS = "/api/v1/files"
"""Below this path HEAD asks for the offset of an upload, and bodies have limits of their own (`uploads`)."""
FORM = "multipart/form-data"
JSON = "application/json"
OF_UPLOADS = frozenset((FORM, tus.MEDIA_TYPE))
"""The media types of their bodies."""


def is_upload(scope: Scope) -> bool:
    path = _path(scope)
    return path == UPLOADS or path.startswith(f"{UPLOADS}/")


def is_download(scope: Scope) -> bool:
    """Whether the answer is bytes that people have uploaded."""
    path = _path(scope)
    return path.startswith("/files/") or (path.startswith("/api/v1/") and path.endswith("/picture"))


def is_to_hook(scope: Scope) -> bool:
    """Whether it is sent to the address of an incoming webhook."""
    return _path(scope).startswith("/hooks/")


def _path(scope: Scope) -> str:
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def media_type(headers: Mapping[str, str]) -> str:
    """The declared media type of a body, without its parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
