"""Which requests are uploads, and the media types of bodies."""

from __future__ import annotations

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
    path = str(scope["path"]).removeprefix(scope.get("root_path", ""))
    return path == UPLOADS or path.startswith(f"{UPLOADS}/")


def media_type(headers: Headers) -> str:
    """The declared media type of a body, without its parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()
