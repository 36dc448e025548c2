"""Commands of the command line to the running server. They must come from this machine and carry the secret of
`identity.control`, which is in a file in the data directory."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import Depends, Request, Response
from fastapi.responses import StreamingResponse

from suhbat.chat import room_administration
from suhbat.chat.erasing import erase_all
from suhbat.chat.ports import FileReader
from suhbat.chat.turns import ExportPace
from suhbat.errors import NotFound, UserNotFound
from suhbat.files.downloads import Downloads, OpenFile
from suhbat.identity.administration import AccountCommand, AccountsReply
from suhbat.identity.control import HEADER
from suhbat.identity.export import export_conversation, export_user
from suhbat.identity.user_directory import UserDirectory
from suhbat.protocol.characters import cut
from suhbat.protocol.types import Schema
from suhbat.services import ServedStore

from .dependencies import SAFE_WRITE, Served, is_local
from .routing import apart

router = apart(include_in_schema=False)


def _on_this_machine(request: Request, services: Served) -> None:
    """Require a request from this machine with the secret. Raises NotFound otherwise, as for an unknown path."""
    if not is_local(request, services) or not services.control.is_shown(request.headers.get(HEADER, "")):
        raise NotFound()


OWNER = [SAFE_WRITE, Depends(_on_this_machine)]


class ExportCommand(Schema):
    """An export of an account or of a conversation. `after` and `cursor` are those of the exports in the HTTP API."""

    user_id: str = ""
    conversation: str = ""
    after: int = 0
    cursor: int | None = None


class FileCommand(Schema):
    """A file that a message of an export shows."""

    file: str


class ProxyReply(Schema):
    """`unknown`: the address of a proxy that is not trusted, "" for a UNIX socket; null if none was seen."""

    unknown: str | None


@router.post("/control", dependencies=OWNER)
async def accounts(body: AccountCommand, services: Served) -> AccountsReply:
    """Execute a command about accounts."""
    reply = await services.administration.execute(body)
    if body.verb == "erase":
        services.tasks.start(erase_all(services.store, services.clock))
    return reply


@router.post("/control/rooms", dependencies=OWNER)
async def rooms(body: room_administration.RoomCommand, services: Served) -> room_administration.RoomsReply:
    """Execute a command about rooms."""
    reply = await room_administration.execute(body, services.store, services.commands)
    if body.verb == "erase":
        services.tasks.start(erase_all(services.store, services.clock))
    return reply


@router.post("/control/proxy", dependencies=OWNER)
async def proxy(services: Served) -> ProxyReply:
    """Whether this server got requests from a proxy that is not trusted, for `suhbat doctor`."""
    return ProxyReply(unknown=services.proxies.unknown)


@router.post("/control/export", dependencies=OWNER, response_class=StreamingResponse)
async def export(body: ExportCommand, services: Served) -> StreamingResponse:
    """Everything that the server stores about an account or a conversation, as JSON Lines."""
    return StreamingResponse(
        await export_lines(body, services.store, services.people, services.limits.reads.export_pace),
        media_type="application/jsonl",
    )


@router.post("/control/file", dependencies=OWNER, response_class=StreamingResponse)
async def file(body: FileCommand, services: Served) -> Response:
    """The bytes of a file; 204 if it is gone."""
    opened = await open_file(body.file, services.store, services.downloads)
    if opened is None:
        return Response(status_code=204)
    return StreamingResponse(file_bytes(opened), media_type="application/octet-stream")


async def open_file(id: str, store: FileReader, downloads: Downloads) -> OpenFile | None:
    """A file that a message shows; None if it was deleted meanwhile, or its bytes are missing."""
    try:
        return await downloads.open(await store.shared_file(id))
    except NotFound:
        return None


async def file_bytes(opened: OpenFile) -> AsyncIterator[bytes]:
    try:
        async for chunk in opened.chunks(0, opened.size):
            yield chunk
    finally:
        await opened.close()


async def export_lines(
    command: ExportCommand, store: ServedStore, people: UserDirectory, pace: ExportPace
) -> AsyncIterator[bytes]:
    """The lines of an export. Raises UserNotFound or NotFound, before the first line."""
    if command.user_id:
        account = people.accounts.of_name(command.user_id)
        if account is None:
            raise UserNotFound(user_id=cut(command.user_id, 64))
        return export_user(store, pace, people, account.actor, command.cursor)
    actor = await room_administration.reader(store, command.conversation)
    return export_conversation(store, pace, actor, command.conversation, command.after)
