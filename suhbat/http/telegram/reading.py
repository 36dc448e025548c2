"""Reads the parameters of a call from its query, its JSON or its form. The file of a form is uploaded while it comes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request

from suhbat.chat.model import Actor, StoredFile
from suhbat.errors import FileTooLarge, SuhbatError
from suhbat.identity.address import metered
from suhbat.programs.telegram.errors import TelegramError
from suhbat.programs.telegram.parameters import Parameters
from suhbat.services import Services

from ..dependencies import address_of
from ..media import FORM, JSON, media_type
from ..multipart import OVERHEAD
from ..one_request import READY_SECONDS, announced, nothing_else
from .form import CallForm

MOST_FIELDS = 100
BESIDE = frozenset(("thumbnail", "thumb", "cover"))
"""Files that only decorate another one, which this server does itself."""
MOST_SKIPPED = 1_000_000
"""Bytes of them."""


async def read(request: Request, actor: Actor, services: Services) -> tuple[Parameters, StoredFile | None]:
    """The parameters, and the file if one came along. Raises TelegramError, TooLarge, and what uploads raise."""
    given: dict[str, Any] = dict(request.query_params.items())
    file = None
    kind = media_type(request.headers)
    if kind == FORM:
        form = CallForm(request.headers["content-type"], aiter(request.stream()))
        file = await _read_form(form, request, actor, services)
        given |= form.fields
    else:
        given |= _parsed(kind, await request.body())
    return Parameters(given), file


async def parse(content_type: str, body: bytes) -> Parameters:
    """The parameters in a body without a file. Raises TelegramError, BadRequest, TooLarge."""
    kind = media_type({"content-type": content_type})
    if kind != FORM:
        return Parameters(_parsed(kind, body))
    form = CallForm(content_type, _pieces(body))
    if await form.next_file():
        raise TelegramError("there may be no file in the answer of a webhook")
    return Parameters(form.fields)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _parsed(kind: str, body: bytes) -> dict[str, Any]:
    if kind == JSON:
        return _json(body)
    return _urlencoded(body) if body else {}


def _json(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise TelegramError("can't parse JSON object") from None
    if not isinstance(found, dict):
        raise TelegramError("object expected as a request body")
    return found


def _urlencoded(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise TelegramError("can't parse the request body") from None


async def _read_form(form: CallForm, request: Request, actor: Actor, services: Services) -> StoredFile | None:
    file, skipped = None, 0
    try:
        while await form.next_file():
            if file is None and form.part not in BESIDE:
                file = await _upload(form, request, actor, services)
                continue
            async for chunk in form.chunks():
                skipped += len(chunk)
                if skipped > MOST_SKIPPED:
                    raise FileTooLarge(limit=MOST_SKIPPED)
    except BaseException:
        if file is not None:
            await drop(file, actor, services)
        raise
    return file


async def drop(file: StoredFile, actor: Actor, services: Services) -> None:
    """Delete the file of a call that failed, unless a message shows it."""
    with suppress(SuhbatError):
        await services.uploads.delete(actor, file.id)


async def _upload(form: CallForm, request: Request, actor: Actor, services: Services) -> StoredFile:
    limits, length = services.uploads.limits, announced(request)
    address = metered(address_of(request, services))
    limits.check_actor(actor)
    largest = limits.largest(actor)
    if length is not None and length > largest + 2 * OVERHEAD:
        raise FileTooLarge(limit=largest)
    reserved = largest if length is None else min(length, largest)
    async with services.limits.reads.body(actor.uid, ""):
        file = await services.uploads.begin(actor, form.name, form.media_type, reserved, address=address)
        async with nothing_else(actor, file, services):
            received = await services.uploads.receive(actor, file.id, 0, form.chunks(), is_last=True)
    limits.give_back(actor, address, file.length - received.length)
    await services.processing.wait(file.id, READY_SECONDS)
    return await services.uploads.find(actor, file.id)
