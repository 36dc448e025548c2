"""Uploads: tus 1.0.0 (https://tus.io/protocols/resumable-upload), and forms for curl and Postman."""

from __future__ import annotations

import base64
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import Field, ValidationError
from starlette.requests import ClientDisconnect

from suhbat.chat.model import Actor, StoredFile
from suhbat.errors import (
    BadRequest,
    ChecksumMismatch,
    FileInUse,
    FileTooLarge,
    Forbidden,
    NotFound,
    QuotaExceeded,
    StorageFull,
    SuhbatError,
    UnknownVersion,
    WrongOffset,
)
from suhbat.identity.address import metered
from suhbat.protocol import tus
from suhbat.protocol.files import File
from suhbat.protocol.types import FileId, Schema, Storable
from suhbat.services import Services

from .dependencies import READ, Caller, Served, address_of, safe_upload
from .media import FORM, JSON, media_type
from .multipart import OVERHEAD, FileForm
from .problem import problem
from .refusals import refuses

LONGEST_WAVEFORM, LONGEST_THUMBHASH = 128, 32
"""Bytes. Longer ones are ignored."""
READY_SECONDS = 10.0
"""How long the answer to a form waits until the file is ready."""

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


class Uploaded(Schema):
    """A file. Its `state` is `uploading`, `processing` or `ready`; only a file that is ready can be sent."""

    file: File = Field()


class Forwarded(Schema):
    """`from`: a file that one may download."""

    source: FileId = Field(alias="from")


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


router = APIRouter(prefix="/files", tags=["files"], route_class=TusRoute)

SAFE_UPLOAD = Depends(safe_upload)


@router.options("", status_code=204, response_class=Response, include_in_schema=False)
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
    dependencies=[SAFE_UPLOAD],
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
    UnknownVersion,
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
        if media_type(request.headers) == JSON:
            return await _forward(request, actor, services)
        return await _take_form(request, actor, services)
    expected = tus.parse_checksum(checksum)
    known = tus.parse_metadata(metadata)
    file = await services.uploads.begin(
        actor,
        tus.text_of(known.get("filename") or known.get("name") or b""),
        tus.text_of(known.get("filetype") or known.get("type") or b""),
        tus.parse_number("Upload-Length", length),
        address=metered(address_of(request, services)),
        waveform=_base64(known.get("waveform"), LONGEST_WAVEFORM),
        thumbhash=_base64(known.get("thumbhash"), LONGEST_THUMBHASH),
    )
    if media_type(request.headers) == tus.MEDIA_TYPE:
        file = await services.uploads.receive(
            actor, file.id, 0, aiter(request.stream()), checksum=expected, announced=_announced(request)
        )
    headers = {**_progress(file, services), "location": _location(request, services, file)}
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


@router.patch("/{file}", status_code=204, response_class=Response, dependencies=[SAFE_UPLOAD])
@refuses(NotFound, BadRequest, FileTooLarge, ChecksumMismatch, StorageFull, WrongOffset, UnknownVersion)
async def append(
    request: Request,
    file: FileIdPath,
    actor: Caller,
    services: Served,
    offset: OffsetHeader = None,
    checksum: ChecksumHeader = None,
) -> Response:
    """Continue an upload with tus. The answer acknowledges what is on disk."""
    if media_type(request.headers) != tus.MEDIA_TYPE:
        raise BadRequest(reason=f'the header "Content-Type: {tus.MEDIA_TYPE}" is missing')
    moved = await services.uploads.receive(
        actor,
        file,
        tus.parse_number("Upload-Offset", offset),
        aiter(request.stream()),
        checksum=tus.parse_checksum(checksum),
        announced=_announced(request),
    )
    return Response(status_code=204, headers=_progress(moved, services))


@router.delete("/{file}", status_code=204, response_class=Response, dependencies=[SAFE_UPLOAD])
@refuses(NotFound, FileInUse, WrongOffset, UnknownVersion)
async def delete(file: FileIdPath, actor: Caller, services: Served) -> None:
    """Delete a file that no message shows, or end an upload. A file in a message goes with the message."""
    await services.uploads.delete(actor, file)


async def _forward(request: Request, actor: Actor, services: Services) -> Response:
    try:
        asked = Forwarded.model_validate_json(await request.body())
    except ValidationError as error:
        told = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        raise RequestValidationError(told) from None
    return _created(request, services, await services.uploads.copy(actor, asked.source))


async def _take_form(request: Request, actor: Actor, services: Services) -> Response:
    """Upload the file of a form. A form that fails leaves nothing."""
    limits, announced = services.uploads.limits, _announced(request)
    limits.check_actor(actor)
    largest = limits.largest(actor)
    if announced is not None and announced > largest + OVERHEAD:
        raise FileTooLarge(limit=largest)
    if media_type(request.headers) != FORM:
        raise BadRequest(reason="file.missing")
    form = FileForm(request.headers["content-type"], aiter(request.stream()))
    await form.begin()
    file = await services.uploads.begin(
        actor,
        form.name,
        form.media_type,
        largest if announced is None else min(announced, largest),
        address=metered(address_of(request, services)),
    )
    try:
        await services.uploads.receive(actor, file.id, 0, form.chunks(), is_last=True)
    except BaseException:
        with suppress(SuhbatError):
            await services.uploads.delete(actor, file.id)
        raise
    await services.processing.wait(file.id, READY_SECONDS)
    return _created(request, services, await services.uploads.find(actor, file.id))


def _created(request: Request, services: Services, file: StoredFile) -> Response:
    shown = Uploaded(file=file.shown).model_dump_json()
    return Response(shown, 201, {"location": _location(request, services, file)}, JSON)


def _announced(request: Request) -> int | None:
    """The bytes of the body, if they are announced."""
    length = request.headers.get("content-length")
    return None if length is None else tus.parse_number("Content-Length", length)


def _location(request: Request, services: Services, file: StoredFile) -> str:
    """The address of an upload: a path, because behind a proxy this server does not know the rest of its URL."""
    root = services.settings.public_url or request.scope.get("root_path", "")
    return f"{root}/api/v1/files/{file.id}"


def _progress(file: StoredFile, services: Services) -> dict[str, str]:
    headers = {"upload-offset": str(file.received)}
    if file.state == "uploading":
        headers["upload-expires"] = tus.expires(services.uploads.expiry(file))
    return headers


def _metadata(file: StoredFile) -> str:
    pairs = {"filename": file.name, "filetype": file.claimed}
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items() if value)


def _base64(value: bytes | None, longest: int) -> str | None:
    """A value of the metadata that others get as it is. Without a value, and for one that is too long, None."""
    return base64.b64encode(value).decode() if value and len(value) <= longest else None
