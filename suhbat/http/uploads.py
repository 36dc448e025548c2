"""Uploads: tus 1.0.0 (https://tus.io/protocols/resumable-upload), and forms for curl and Postman."""

from __future__ import annotations

import base64
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from suhbat.chat.model import StoredFile
from suhbat.errors import (
    BadRequest,
    ChecksumMismatch,
    FileInUse,
    FileTooLarge,
    Forbidden,
    NotFound,
    QuotaExceeded,
    RequestTimeout,
    StorageFull,
    UnknownVersion,
    UnsupportedType,
    WrongOffset,
)
from suhbat.protocol import tus
from suhbat.protocol.types import Storable
from suhbat.services import Services

from .dependencies import READ, UPLOAD, Caller, Served, address_of, safe_upload
from .media import FORM, JSON, has_body, media_type
from .one_request import Forwarded, Uploaded, announced, forward, location, nothing_else, take_form
from .problem import problem
from .refusals import refuses
from .routing import resource

LONGEST_WAVEFORM, LONGEST_THUMBHASH = 128, 32
"""Bytes. Longer ones are ignored."""

FileIdPath = Annotated[
    str, Path(max_length=64, description="The id of a file.", examples=["f3k7qz2v9m4x8b6n1c5p0d"]), Storable
]
Resumable = Annotated[str | None, Header(alias="Tus-Resumable", description="`1.0.0`, from clients of tus.")]
LengthHeader = Annotated[str | None, Header(alias="Upload-Length", description="The bytes of the file.")]
OffsetHeader = Annotated[str | None, Header(alias="Upload-Offset", description="Where these bytes go.")]
MetadataHeader = Annotated[
    str,
    Header(
        alias="Upload-Metadata", description="`filename`, `filetype`, `waveform`, `thumbhash`; the values in base64."
    ),
]
ChecksumHeader = Annotated[
    str | None,
    Header(alias="Upload-Checksum", description="`sha256` or `sha1`, and the digest of this body in base64."),
]


class TusRoute(APIRoute):
    """Adds `Tus-Resumable` to every response, and refuses clients of other versions (412)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_tus(request: Request) -> Response:
            version = request.headers.get("tus-resumable")
            request.state.headers = {"tus-resumable": tus.VERSION}
            if request.method != "OPTIONS" and version not in (None, tus.VERSION):
                return problem(request, UnknownVersion(), headers={"tus-version": tus.VERSION})
            try:
                response = await handle(request)
            except ClientDisconnect:  # what came was kept, and nobody reads the answer
                return problem(request, BadRequest(reason="the connection broke"))
            response.headers["tus-resumable"] = tus.VERSION
            return response

        return handle_tus


router = resource("/files", tags=["files"], route_class=TusRoute)

SAFE_UPLOAD = Depends(safe_upload)


@router.options("", status_code=204, response_class=Response, include_in_schema=False)
@router.options("/{file}", status_code=204, response_class=Response, include_in_schema=False)
async def offer(services: Served) -> Response:
    """What this server can do of tus."""
    headers = {
        "tus-version": tus.VERSION,
        "tus-extension": tus.EXTENSIONS,
        "tus-checksum-algorithm": ",".join(tus.ALGORITHMS),
        "tus-max-size": str(services.settings.file_size),
    }
    return Response(status_code=204, headers=headers)


@router.post(
    "",
    status_code=201,
    dependencies=[SAFE_UPLOAD, UPLOAD],
    responses={201: {"model": Uploaded, "description": "Uploaded, or begun with tus: then `Location` has the address"}},
    openapi_extra={
        "requestBody": {
            "content": {
                FORM: {
                    "schema": {
                        "type": "object",
                        "properties": {"file": {"type": "string", "format": "binary", "examples": ["…"]}},
                        "required": ["file"],
                    }
                },
                JSON: {"schema": Forwarded.model_json_schema()},
            }
        }
    },
)
@refuses(
    Forbidden, BadRequest, FileTooLarge, QuotaExceeded, StorageFull, ChecksumMismatch, WrongOffset, NotFound,
    UnknownVersion, UnsupportedType,
)  # fmt: skip
async def create(
    request: Request,
    actor: Caller,
    services: Served,
    resumable: Resumable = None,
    length: LengthHeader = None,
    metadata: MetadataHeader = "",
    checksum: ChecksumHeader = None,
) -> Response:
    """Upload a file: as the part `file` of a form in one request, or with tus, which can be resumed. The answer to a form comes
    when the file is ready, or after 10 seconds. Or forward one that you may download (`from`): the answer has a new file over
    the same bytes, which can be sent elsewhere."""
    if resumable is None:
        if length is not None or media_type(request.headers) == tus.MEDIA_TYPE:
            _require_version(request)
        if media_type(request.headers) == JSON:
            return await forward(request, actor, services)
        return await take_form(request, actor, services)
    if has_bytes := has_body(request.headers):
        _require_type(request)
    expected = tus.parse_checksum(checksum)
    known = tus.parse_metadata(metadata)
    file = await services.uploads.begin(
        actor,
        tus.text_of(known.get("filename") or known.get("name") or b""),
        tus.text_of(known.get("filetype") or known.get("type") or b""),
        tus.parse_number("Upload-Length", length),
        address=address_of(request, services),
        waveform=_base64(known.get("waveform"), LONGEST_WAVEFORM),
        thumbhash=_base64(known.get("thumbhash"), LONGEST_THUMBHASH),
    )
    if has_bytes:
        async with nothing_else(actor, file, services):  # its client does not know the address yet
            file = await services.uploads.receive(
                actor, file.id, 0, aiter(request.stream()), checksum=expected, announced=announced(request)
            )
    headers = {**_progress(file, services), "location": location(request, services, file)}
    return Response(status_code=201, headers=headers)


@router.get("/{file}", dependencies=[READ])
@refuses(NotFound, UnknownVersion)
async def get(file: FileIdPath, actor: Caller, services: Served) -> Uploaded:
    """A file that one has uploaded, or that one may download."""
    try:
        found = await services.uploads.find(actor, file)
    except NotFound:
        found = await services.store.readable_file(actor, file)
    return Uploaded(file=found.shown)


@router.head("/{file}", include_in_schema=False)
async def offset(file: FileIdPath, actor: Caller, services: Served) -> Response:
    """How far an upload is."""
    found = await services.uploads.offset(actor, file)
    headers = _progress(found, services) | {"upload-length": str(found.length), "upload-metadata": _metadata(found)}
    return Response(headers=headers)


@router.patch("/{file}", status_code=204, response_class=Response, dependencies=[SAFE_UPLOAD, UPLOAD])
@refuses(
    NotFound, BadRequest, FileTooLarge, ChecksumMismatch, StorageFull, WrongOffset, UnknownVersion, UnsupportedType,
    RequestTimeout,
)  # fmt: skip
async def append(
    request: Request,
    file: FileIdPath,
    actor: Caller,
    services: Served,
    offset: OffsetHeader = None,
    checksum: ChecksumHeader = None,
) -> Response:
    """Continue an upload with tus. The answer acknowledges what is on disk."""
    _require_version(request)
    _require_type(request)
    moved = await services.uploads.receive(
        actor,
        file,
        tus.parse_number("Upload-Offset", offset),
        aiter(request.stream()),
        checksum=tus.parse_checksum(checksum),
        announced=announced(request),
    )
    return Response(status_code=204, headers=_progress(moved, services))


@router.delete("/{file}", status_code=204, response_class=Response, dependencies=[SAFE_UPLOAD])
@refuses(NotFound, FileInUse, WrongOffset, UnknownVersion)
async def delete(file: FileIdPath, actor: Caller, services: Served) -> None:
    """Delete a file that no message shows, or end an upload. A file in a message goes with the message."""
    await services.uploads.delete(actor, file)


def _require_version(request: Request) -> None:
    """Raise UnknownVersion for bytes of tus without its version. HEAD and DELETE need none: plain HTTP has them as well."""
    if "tus-resumable" not in request.headers:
        request.state.headers = {**request.state.headers, "tus-version": tus.VERSION}
        raise UnknownVersion()


def _require_type(request: Request) -> None:
    if media_type(request.headers) != tus.MEDIA_TYPE:
        raise UnsupportedType(type=tus.MEDIA_TYPE)


def _progress(file: StoredFile, services: Services) -> dict[str, str]:
    headers = {"upload-offset": str(file.received)}
    if file.state == "uploading":
        headers["upload-expires"] = tus.expires(services.uploads.expiry(file))
    return headers


def _metadata(file: StoredFile) -> str:
    """What was kept of the metadata."""
    texts = {"filename": file.name, "filetype": file.claimed}
    pairs = {key: base64.b64encode(value.encode()).decode() for key, value in texts.items()}
    pairs |= {"waveform": file.waveform or "", "thumbhash": file.thumbhash or ""}
    return ",".join(f"{key} {value}" for key, value in pairs.items() if value)


def _base64(value: bytes | None, longest: int) -> str | None:
    """A value of the metadata that others get as it is. Without a value, and for one that is too long, None."""
    return base64.b64encode(value).decode() if value and len(value) <= longest else None
