"""The conversations of the caller."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from suhbat.errors import BadRequest, Unsupported
from suhbat.protocol.objects import ConversationState
from suhbat.protocol.types import Name, Wire

from .parts import House
from .security import SAFE_WRITE, Caller

router = APIRouter(tags=["conversations"])


class Conversations(Wire):
    conversations: tuple[ConversationState, ...]


class NewDirect(Wire):
    """`users`: the names of the others; for now exactly one."""

    users: Annotated[list[Name], Field(min_length=1, max_length=50)]


class Direct(Wire):
    conversation: str


@router.get("/conversations")
async def index(actor: Caller, parts: House) -> Conversations:
    """Every conversation the caller may see, the lobby first."""
    return Conversations(conversations=(await parts.store.opening(actor)).states)


@router.post(
    "/directs",
    status_code=201,
    dependencies=[SAFE_WRITE],
    responses={200: {"model": Direct, "description": "There already is one of exactly these people"}},
)
async def open_direct(body: NewDirect, actor: Caller, parts: House, response: Response) -> Direct:
    """The one conversation of exactly these people, made if new."""
    people = {peer.uid: peer for peer in map(parts.messages.recipient, body.users) if peer.uid != actor.uid}
    if not people:
        raise BadRequest(reason='"users" names nobody but yourself')
    if len(people) > 1:
        raise Unsupported(what="a direct of more than two people")
    (peer,) = people.values()
    before = {state.conversation for state in (await parts.store.opening(actor)).states}
    conversation = await parts.store.direct(actor, peer, parts.clock.wall())
    if conversation in before:
        response.status_code = 200
    return Direct(conversation=conversation)
