"""The conversations of the caller: rooms, directs and the lobby."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import Field

from suhbat.chat.model import Actor
from suhbat.chat.ports import ConversationReader
from suhbat.chat.rate import COSTS, charge, cost_of
from suhbat.errors import BadRequest, TooManyConversations, UserNotFound
from suhbat.protocol.commands import (
    ConversationChanges,
    Create,
    Draft,
    Erase,
    MarkUnread,
    Meet,
    NotifyLevel,
    Read,
    SetNotify,
    Update,
)
from suhbat.protocol.objects import ConversationState, HistoryFrom, Message, Notify, Visibility
from suhbat.protocol.types import DraftText, MessageOrdinal, Ordinal, People, Schema, Title, Topic, Uids

from .dependencies import READ, SAFE_WRITE, Caller, Served, weighs
from .paths import ConversationPath, place_in_list, valid_id
from .refusals import refuses
from .routing import resource

router = resource(tags=["conversations"])


class Conversations(Schema):
    """`after` is where the next page begins, null at the end."""

    conversations: tuple[ConversationState, ...]
    after: str | None = None


class NewRoom(Schema):
    """`visibility`: whether others find it and may join. `history`: how much members read of the time before they joined."""

    kind: Literal["room"] = "room"
    title: Title
    topic: Topic = ""
    visibility: Visibility = "private"
    history: HistoryFrom = "all"


class NewDirect(Schema):
    """`users`: the names of the others, up to 19; `uids`: theirs, in that order, so that no later owner of a name is meant."""

    users: People
    uids: Uids | None = None


class Direct(Schema):
    conversation: str = Field(examples=["dfvyrmqvxe2yeialcpsu7w"])


class ReadMark(Schema):
    """The `ordinal` up to which everything is read."""

    ordinal: Ordinal


class FirstUnread(Schema):
    """The `ordinal` of the message that is the first unread one."""

    ordinal: MessageOrdinal


class Unread(Schema):
    unread: int = Field(examples=[2])


class DraftBody(Schema):
    text: DraftText


class Pinned(Schema):
    """The pinned messages, the latest pin first."""

    messages: tuple[Message, ...]


@router.get("/conversations", dependencies=[READ])
async def index(
    actor: Caller,
    services: Served,
    public: bool = False,
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int | None, Query(ge=1, le=1_000, description="50 public rooms, or 1,000 of one's own")] = None,
) -> Conversations:
    """Every conversation of the caller, the lobby first; with `public`, the rooms that anybody may join. In pages."""
    if not public:
        return await _mine(services.store, actor, after, limit or 1_000)
    limit = min(limit or 50, 200)
    found = await services.store.rooms(actor, after=after, limit=limit)
    return Conversations(conversations=found, after=found[-1].conversation if len(found) == limit else None)


async def _mine(store: ConversationReader, actor: Actor, after: str, limit: int) -> Conversations:
    """A page of the caller's own conversations. It is read in portions of a hundred, so that a caller with thousands does not
    delay others."""
    states: list[ConversationState] = []
    position = place_in_list(after)
    while True:
        page = await store.states(actor, after=position, limit=min(100, limit - len(states)))
        states += page.states
        position = page.after
        if position is None or len(states) >= limit:
            return Conversations(conversations=tuple(states), after=None if position is None else str(position))


@router.post("/conversations", status_code=201, dependencies=[SAFE_WRITE, weighs(COSTS[Create])])
@refuses(TooManyConversations)
async def create(body: NewRoom, actor: Caller, services: Served) -> ConversationState:
    """Create a room; the caller becomes its owner."""
    command = Create(
        type="create", title=body.title, topic=body.topic, visibility=body.visibility, history=body.history
    )
    result = await services.commands.execute(actor, command)
    return await services.store.state(actor, result.conversation)


@router.get("/conversations/{conversation}", dependencies=[READ])
async def show(conversation: ConversationPath, actor: Caller, services: Served) -> ConversationState:
    """A conversation as the caller may see it: as a member, or a public room as a visitor (`role` is null then)."""
    return await services.store.state(actor, valid_id(conversation))


@router.patch("/conversations/{conversation}", dependencies=[SAFE_WRITE])
async def change(
    conversation: ConversationPath, body: ConversationChanges, actor: Caller, services: Served
) -> ConversationState:
    """Change settings. Fields that are left out stay as they are."""
    command = Update(type="update", conversation=valid_id(conversation), **body.model_dump())
    await services.commands.execute(actor, command)
    return await services.store.state(actor, conversation)


@router.delete("/conversations/{conversation}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
async def erase(conversation: ConversationPath, actor: Caller, services: Served) -> None:
    """Erase a room with all its messages, for everybody. Only its owner may."""
    await services.commands.execute(actor, Erase(type="erase", conversation=valid_id(conversation)))


@router.post(
    "/directs",
    status_code=201,
    dependencies=[SAFE_WRITE, weighs(COSTS[Meet])],
    responses={200: {"model": Direct, "description": "There already is one of exactly these people"}},
)
@refuses(UserNotFound, TooManyConversations)
async def open_direct(body: NewDirect, actor: Caller, services: Served, response: Response) -> Direct:
    """The direct of the caller and exactly these people, created if new. The others see it once somebody writes there."""
    people = await services.commands.people(body.users, body.uids)
    if all(person.uid == actor.uid for person in people):
        raise BadRequest(reason='"users" names nobody but yourself')
    result = await services.commands.execute(actor, Meet(type="direct", users=body.users, uids=body.uids))
    if not result.created:
        response.status_code = 200
    return Direct(conversation=result.conversation)


@router.put("/conversations/{conversation}/read", dependencies=[SAFE_WRITE])
async def mark(conversation: ConversationPath, body: ReadMark, actor: Caller, services: Served) -> Unread:
    """Mark everything up to this `ordinal` as read. This never moves the mark back; `…/unread` does."""
    command = Read(type="read", conversation=valid_id(conversation), ordinal=body.ordinal)
    return Unread(unread=(await services.commands.execute(actor, command)).unread)


@router.put("/conversations/{conversation}/unread", dependencies=[SAFE_WRITE])
async def mark_unread(conversation: ConversationPath, body: FirstUnread, actor: Caller, services: Served) -> Unread:
    """Mark the message with this `ordinal` as the first unread one, on all the caller's devices. Others are not told. If it is
    unread already, nothing changes."""
    command = MarkUnread(type="unread", conversation=valid_id(conversation), ordinal=body.ordinal)
    charge(services.limits.rates.meter(actor.uid), cost_of(command), services.clock.steady())
    return Unread(unread=(await services.commands.execute(actor, command)).unread)


@router.put("/conversations/{conversation}/notify", dependencies=[SAFE_WRITE])
async def set_notify(conversation: ConversationPath, body: NotifyLevel, actor: Caller, services: Served) -> Notify:
    """Choose of which messages the caller is notified, on all devices. The answer is what holds now: the default of the kind,
    if `until` has passed already."""
    command = SetNotify(type="notify", conversation=valid_id(conversation), level=body.level, until=body.until)
    result = await services.commands.execute(actor, command)
    assert result.notify is not None
    return result.notify


@router.put("/conversations/{conversation}/draft", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
async def keep_draft(conversation: ConversationPath, body: DraftBody, actor: Caller, services: Served) -> None:
    """Save the caller's draft, for all their devices."""
    command = Draft(type="draft", conversation=valid_id(conversation), text=body.text)
    await services.commands.execute(actor, command)


@router.delete(
    "/conversations/{conversation}/draft", status_code=204, response_class=Response, dependencies=[SAFE_WRITE]
)
async def drop_draft(conversation: ConversationPath, actor: Caller, services: Served) -> None:
    """Delete the caller's draft."""
    await services.commands.execute(actor, Draft(type="draft", conversation=valid_id(conversation), text=""))


@router.get("/conversations/{conversation}/pins", dependencies=[READ])
async def pins(conversation: ConversationPath, actor: Caller, services: Served) -> Pinned:
    """The pinned messages that the caller may read."""
    return Pinned(messages=await services.store.pins(actor, valid_id(conversation)))
