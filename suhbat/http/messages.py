"""The messages of a conversation."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Query, Response
from pydantic import Field

from suhbat.chat.rate import charge, cost_of
from suhbat.errors import (
    BadRequest,
    FileInUse,
    FileNotReady,
    Finished,
    IdempotencyConflict,
    StillGrowing,
    TooManyStreams,
    UnknownCommand,
    WrongOffset,
)
from suhbat.protocol.bots import NewButtons, buttons_of
from suhbat.protocol.commands import Append, Appending, Delete, Edit, Finish, Finishing, Pin, Report
from suhbat.protocol.extras import Extra
from suhbat.protocol.objects import Message
from suhbat.protocol.types import (
    LOBBY,
    MAX_FILES,
    MAX_INTEGER,
    MAX_PAGE,
    AnyText,
    ClientId,
    FileId,
    Reason,
    Schema,
    Seq,
    Time,
    Until,
)

from .dependencies import READ, SAFE_WRITE, Caller, Served
from .paths import ConversationPath, SeqPath, valid_id
from .refusals import refuses
from .routing import resource

router = resource("/conversations/{conversation}/messages", tags=["messages"])

SeqQuery = Annotated[int | None, Query(ge=1, le=MAX_INTEGER)]
TimeQuery = Annotated[Until | None, Query()]


class NewMessage(Schema):
    """Safe to repeat with the same `client_id`. `thread`: the `seq` of the message in whose thread it is a reply; with `also`
    the conversation gets it, too, as a message that quotes the reply and has the next `seq`. `files`: ids of files that
    the caller has uploaded; beside them the text may be empty. `streaming`: the message grows (`append`, `finish`); its `text`
    is the beginning, which may be empty."""

    text: AnyText
    client_id: ClientId | None = Field(default=None, examples=["phone-41"])
    reply_to: Seq | None = None
    thread: Seq | None = None
    also: bool = False
    files: Annotated[list[FileId], Field(max_length=MAX_FILES, fail_fast=True)] = Field(default_factory=list)
    streaming: bool = False
    actions: NewButtons = ()


class Posted(Schema):
    """The message is durable and numbered. `duplicate`: it already was. A reply in a thread has a `thread_ordinal` instead of
    an `ordinal`. `command`: a bot got it as a command, and it is no message; `seq` is 0 then."""

    conversation: str = Field(examples=[LOBBY])
    seq: int = Field(examples=[12])
    ordinal: int | None = Field(examples=[9])
    sent_at: Time
    duplicate: bool
    thread_ordinal: int | None = Field(default=None, exclude_if=lambda value: value is None, examples=[3])
    command: bool = Field(default=False, exclude_if=lambda value: not value, examples=[True])


class NewText(Schema):
    """`actions`: the buttons of a message of a bot from now on; left out: as they are."""

    text: AnyText
    actions: NewButtons | None = None


class Grown(Schema):
    """The message has so many characters (Unicode code points) now. They are not stored yet."""

    offset: int = Field(examples=[14])


class Complaint(Schema):
    reason: Reason = ""


class Changed(Schema):
    """`seq`: that of the event in the conversation's log, or the head if nothing had to change."""

    seq: int = Field(examples=[14])


class MessagePage(Schema):
    """Messages, ascending by `seq`, and whether there are more on either side. `root`: the message to which the thread
    belongs, if one was asked for."""

    messages: tuple[Message, ...]
    has_before: bool
    has_after: bool
    head: int = Field(examples=[12])
    root: Message | None = Field(default=None, exclude_if=lambda value: value is None)


@router.get("", dependencies=[READ])
async def page(
    conversation: ConversationPath,
    actor: Caller,
    services: Served,
    before: SeqQuery = None,
    after: Annotated[int | None, Query(ge=0, le=MAX_INTEGER)] = None,
    around: SeqQuery = None,
    around_ordinal: SeqQuery = None,
    around_time: TimeQuery = None,
    thread: SeqQuery = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> MessagePage:
    """A page of messages: the newest, or those `before`, `after` or `around` a `seq`, or around a message's ordinal, for
    example around the first unread message, or around the first message at a time or later (one of the five). Without
    replies, unless `thread` gives the `seq` of the message whose thread is wanted; `around` a reply gives the page around the
    root of its thread."""
    if sum(place is not None for place in (before, after, around, around_ordinal, around_time)) > 1:
        raise BadRequest(reason="give at most one of before, after, around, around_ordinal, around_time")
    found = await services.store.history(
        actor,
        valid_id(conversation),
        before=before,
        after=after,
        around=around,
        around_ordinal=around_ordinal,
        around_time=around_time,
        thread=thread,
        limit=limit,
    )
    shown = MessagePage.model_validate(found, from_attributes=True)
    return shown.model_copy(update={"messages": services.hub.growing.fill(conversation, shown.messages)})


@router.post(
    "",
    status_code=201,
    dependencies=[SAFE_WRITE],
    responses={200: {"model": Posted, "description": "A repetition: the first answer, with `duplicate` true"}},
)
@refuses(IdempotencyConflict, FileInUse, FileNotReady, UnknownCommand, TooManyStreams)
async def write(
    conversation: ConversationPath, body: NewMessage, actor: Caller, services: Served, response: Response
) -> Posted:
    """Send a message to a conversation. The answer comes once the message is durable."""
    if body.also and body.thread is None:
        raise BadRequest(reason="give also with thread only")
    if body.also and body.streaming:
        raise BadRequest(reason="give either also or streaming")
    if not body.files and not body.streaming and not body.text.strip():
        raise BadRequest(reason="empty_text")
    sent = await services.messages.post(
        actor,
        conversation=valid_id(conversation),
        text=body.text,
        client_id=body.client_id,
        reply_to=body.reply_to,
        thread=body.thread,
        also=body.also,
        files=tuple(body.files),
        extra=Extra(buttons_of(body.actions), streaming=body.streaming) if body.streaming or body.actions else None,
        slash=True,
    )
    services.counts.sent("http", command=sent.command)
    if sent.duplicate:
        response.status_code = 200
    return Posted.model_validate(sent, from_attributes=True)


@router.patch("/{seq}", dependencies=[SAFE_WRITE])
@refuses(StillGrowing)
async def edit(conversation: ConversationPath, seq: SeqPath, body: NewText, actor: Caller, services: Served) -> Changed:
    """Change the text of one's own message."""
    command = Edit(type="edit", conversation=valid_id(conversation), seq=seq, text=body.text, actions=body.actions)
    charge(services.limits.rates.meter(actor.uid), cost_of(command), services.clock.steady())
    return Changed(seq=(await services.commands.execute(actor, command)).seq)


@router.post("/{seq}/append", dependencies=[SAFE_WRITE])
@refuses(Finished, WrongOffset, TooManyStreams)
async def append(
    conversation: ConversationPath, seq: SeqPath, body: Appending, actor: Caller, services: Served
) -> Grown:
    """Let one's own message grow, which was sent with `streaming`. `finish` stores the text."""
    command = Append(type="append", conversation=valid_id(conversation), seq=seq, offset=body.offset, text=body.text)
    offset = services.growing.append_now(actor, command, None)
    if offset is None:
        offset = await services.growing.append(actor, command, None)
    return Grown(offset=offset)


@router.post("/{seq}/finish", dependencies=[SAFE_WRITE])
@refuses(Finished)
async def finish(
    conversation: ConversationPath,
    seq: SeqPath,
    body: Annotated[Finishing, Body(default_factory=Finishing)],
    actor: Caller,
    services: Served,
) -> Changed:
    """Finish a message that grows; the whole text is stored when the answer comes. Finishing it again with the same text
    changes nothing. Somebody else's message is stopped by this, if it answers one's own, or is in a direct, or one may
    delete it."""
    command = Finish(type="finish", conversation=valid_id(conversation), seq=seq, text=body.text, cut=body.cut)
    meter = services.limits.rates.meter(actor.uid)
    return Changed(seq=(await services.growing.finish(actor, command, meter)).seq)


@router.delete("/{seq}", dependencies=[SAFE_WRITE])
async def delete(conversation: ConversationPath, seq: SeqPath, actor: Caller, services: Served) -> Changed:
    """Delete a message: one's own, or as a moderator of the conversation anybody's. A tombstone stays."""
    command = Delete(type="delete", conversation=valid_id(conversation), seq=seq)
    return Changed(seq=(await services.commands.execute(actor, command)).seq)


@router.put("/{seq}/pin", dependencies=[SAFE_WRITE])
async def pin(conversation: ConversationPath, seq: SeqPath, actor: Caller, services: Served) -> Changed:
    """Pin a message."""
    command = Pin(type="pin", conversation=valid_id(conversation), seq=seq, on=True)
    return Changed(seq=(await services.commands.execute(actor, command)).seq)


@router.delete("/{seq}/pin", dependencies=[SAFE_WRITE])
async def unpin(conversation: ConversationPath, seq: SeqPath, actor: Caller, services: Served) -> Changed:
    """Unpin a message."""
    command = Pin(type="pin", conversation=valid_id(conversation), seq=seq, on=False)
    return Changed(seq=(await services.commands.execute(actor, command)).seq)


@router.post("/{seq}/reports", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
async def report(
    conversation: ConversationPath,
    seq: SeqPath,
    body: Annotated[Complaint, Body(default_factory=Complaint)],
    actor: Caller,
    services: Served,
) -> None:
    """Report a message to the moderators."""
    command = Report(type="report", conversation=valid_id(conversation), seq=seq, reason=body.reason)
    await services.commands.execute(actor, command)
