"""The pictures of users and rooms."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request, Response
from pydantic import Field

from suhbat.chat.conversations import picture_refusal
from suhbat.chat.model import ConversationFacts, StoredFile
from suhbat.chat.rate import Cost
from suhbat.errors import (
    BadRequest,
    Busy,
    FileInUse,
    FileNotReady,
    Forbidden,
    NotFound,
    OutOfRange,
    PreconditionFailed,
)
from suhbat.files.portraits import SMALL
from suhbat.identity.profile import profile_of
from suhbat.identity.user_directory import Login
from suhbat.protocol.files import FileId
from suhbat.protocol.http_commands import ChangePicture
from suhbat.protocol.objects import ConversationState, Profile
from suhbat.protocol.types import Schema, Storable
from suhbat.services import Services

from .dependencies import SAFE_WRITE, Caller, LoggedIn, Served, weighs
from .downloads import BYTES, answer
from .paths import ConversationPath, UidQuery, UserPath, valid_id
from .refusals import refuses
from .routing import resource

router = resource(tags=["pictures"])

Size = Annotated[
    Literal["64", "256"], Query(description="The side of the square in pixels. A small image has a smaller one.")
]
Version = Annotated[
    str | None,
    Query(
        max_length=64, description="The `picture` of the user or the room. With it the answer may be cached for a year."
    ),
]
KEPT = "private, max-age=31536000, immutable"
"""Of an address with the present version, which changes with the picture."""


class PictureFile(Schema):
    """`file`: the id of an image of one's own that is ready and in no message."""

    file: Annotated[FileId, Field(max_length=64), Storable]


@router.put("/me/picture", dependencies=[SAFE_WRITE, weighs(Cost.PICTURE)])
@refuses(Forbidden, NotFound, FileInUse, FileNotReady, Busy)
async def set_mine(body: PictureFile, login: LoggedIn, services: Served) -> Profile:
    """An uploaded image becomes the caller's picture: a still square from its middle, in two sizes. The image itself and the
    picture before are removed."""
    account = services.people.accounts.require(_account(login))
    if account.picture == body.file:
        return profile_of(account)  # a repeat
    picture = await services.portraits.make(login.actor, body.file)
    return profile_of(await services.people.accounts.set_picture(account.uid, picture))


@router.delete("/me/picture", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(Forbidden, NotFound, Busy)
async def remove_mine(login: LoggedIn, services: Served) -> None:
    """Remove the caller's picture."""
    await services.people.accounts.set_picture(_account(login), None)


@router.get("/users/{user_id}/picture", response_class=Response, responses=BYTES)
@refuses(NotFound, PreconditionFailed, OutOfRange)
async def of_user(
    request: Request,
    response: Response,
    user_id: UserPath,
    actor: Caller,
    services: Served,
    size: Size = "256",
    version: Version = None,
    uid: UidQuery = None,
) -> Response:
    """The picture of the user with this name, in WebP. 404 if they have none, and if `uid` is given and is not theirs."""
    await services.people.refresh(user_id)
    found = services.people.find(user_id)
    if found is None or uid not in (None, found.uid):
        raise NotFound()
    return await _send(request, response, services, await services.store.picture(found.uid), size, version)


@router.delete("/users/{user_id}/picture", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(BadRequest, Forbidden, NotFound, Busy)
async def remove_of_user(user_id: UserPath, actor: Caller, services: Served, uid: UidQuery = None) -> None:
    """Remove the picture of somebody else: for moderators and owners of the server, of users below them. The audit log tells
    it. 404 if nobody has this name, and if `uid` is given and is not theirs."""
    found = services.people.accounts.of_name(user_id)
    if found is None or found.disabled or uid not in (None, found.uid):
        raise NotFound()
    await services.people.accounts.set_picture(found.uid, None, actor)


@router.put("/conversations/{conversation}/picture", dependencies=[SAFE_WRITE, weighs(Cost.PICTURE)])
@refuses(Forbidden, FileInUse, FileNotReady, Busy)
async def set_of_room(
    conversation: ConversationPath, body: PictureFile, actor: Caller, services: Served
) -> ConversationState:
    """Make an uploaded image of the caller the picture of a room. It needs the right to change the title."""
    before = await services.store.state(actor, valid_id(conversation))
    facts = ConversationFacts(before.conversation, before.kind, before.role, before.visibility, before.archived)
    if (refused := picture_refusal(actor, facts)) is not None:
        raise refused  # asked again with the facts of the transaction; this saves the work
    if before.picture == body.file:
        return before  # a repeat
    picture = await services.portraits.make(actor, body.file)
    await services.commands.execute(actor, ChangePicture(conversation=conversation), picture=picture)
    return await services.store.state(actor, conversation)


@router.delete(
    "/conversations/{conversation}/picture", status_code=204, response_class=Response, dependencies=[SAFE_WRITE]
)
@refuses(Forbidden, Busy)
async def remove_of_room(conversation: ConversationPath, actor: Caller, services: Served) -> None:
    """Remove the picture of a room."""
    await services.commands.execute(actor, ChangePicture(conversation=valid_id(conversation)))


@router.get("/conversations/{conversation}/picture", response_class=Response, responses=BYTES)
@refuses(Forbidden, NotFound, PreconditionFailed, OutOfRange)
async def of_room(
    request: Request,
    response: Response,
    conversation: ConversationPath,
    actor: Caller,
    services: Served,
    size: Size = "256",
    version: Version = None,
) -> Response:
    """The picture of a room that the caller may see, in WebP. 404 if it has none."""
    found = await services.store.picture_of_room(actor, valid_id(conversation))
    return await _send(request, response, services, found, size, version)


async def _send(
    request: Request, response: Response, services: Services, file: StoredFile, size: str, version: str | None
) -> Response:
    opened = await services.downloads.open(file, int(SMALL) if size == SMALL and file.thumbnails else None)
    headers = {
        "content-type": file.type,
        "content-disposition": "inline",
        "cache-control": KEPT if version == file.id else "private, no-cache",
    }
    return await answer(request, response, opened, headers)


def _account(login: Login) -> str:
    """The uid of the caller's account. Raises Forbidden for guests, because they have no profile."""
    if login.session is None:
        raise Forbidden("forbidden.guest")
    return login.actor.uid
