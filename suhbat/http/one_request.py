"""Files that come in one request: forms for curl and Postman, and files that are forwarded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError

from suhbat.chat.model import Actor, StoredFile
from suhbat.errors import BadRequest, FileTooLarge, SuhbatError, UnsupportedType
from suhbat.protocol import tus
from suhbat.protocol.files import File
from suhbat.protocol.types import FileId, Schema
from suhbat.services import Services

from .dependencies import address_of
from .media import FORM, JSON, has_body, media_type
from .multipart import OVERHEAD, FileForm

READY_SECONDS = 10.0
"""How long the answer to a form waits until the file is ready."""


class Uploaded(Schema):
    """A file. Its `state` is `uploading`, `processing` or `ready`; only a file that is ready can be sent."""

    file: File = Field()


class Forwarded(Schema):
    """`from`: a file that one may download."""

    source: FileId = Field(alias="from")


async def forward(request: Request, actor: Actor, services: Services) -> Response:
    """Make a new file over the bytes of one that the actor may download."""
    try:
        asked = Forwarded.model_validate_json(await request.body())
    except ValidationError as error:
        told = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        raise RequestValidationError(told) from None
    address = address_of(request, services)
    return created(request, services, await services.uploads.copy(actor, asked.source, address=address))


async def take_form(request: Request, actor: Actor, services: Services) -> Response:
    """Upload the file of a form. A form that fails leaves nothing."""
    limits, length = services.uploads.limits, announced(request)
    address = address_of(request, services)
    limits.check_actor(actor)
    largest = limits.largest(actor)
    if length is not None and length > largest + OVERHEAD:
        raise FileTooLarge(limit=largest)
    if media_type(request.headers) != FORM:
        raise UnsupportedType(type=FORM) if has_body(request.headers) else BadRequest(reason="file.missing")
    form = FileForm(request.headers["content-type"], aiter(request.stream()))
    await form.begin()
    file = await services.uploads.begin(
        actor,
        form.name,
        form.media_type,
        largest if length is None else min(length, largest),
        address=address,
    )
    async with nothing_else(actor, file, services):
        received = await services.uploads.receive(actor, file.id, 0, form.chunks(), is_last=True)
    limits.give_back(actor, address, file.length - received.length)  # what was reserved for the rest of the form
    await services.processing.wait(file.id, READY_SECONDS)
    return created(request, services, await services.uploads.find(actor, file.id))


def created(request: Request, services: Services, file: StoredFile) -> Response:
    shown = Uploaded(file=file.shown).model_dump_json()
    return Response(shown, 201, {"location": location(request, services, file)}, JSON)


@asynccontextmanager
async def nothing_else(actor: Actor, file: StoredFile, services: Services) -> AsyncIterator[None]:
    """If this fails, nothing of the upload stays: nobody could continue it."""
    try:
        yield
    except BaseException:
        with suppress(SuhbatError):
            await services.uploads.delete(actor, file.id)
        raise


def announced(request: Request) -> int | None:
    """The bytes of the body, if they are announced."""
    length = request.headers.get("content-length")
    return None if length is None else tus.parse_number("Content-Length", length)


def location(request: Request, services: Services, file: StoredFile) -> str:
    """The address of an upload: a path, because behind a proxy this server does not know the rest of its URL."""
    root = services.settings.public_url or request.scope.get("root_path", "")
    return f"{root}/api/v1/files/{file.id}"
