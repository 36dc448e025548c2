"""What the server holds of somebody, and of a conversation, as lines of JSON: for people over HTTP, for the machine's owner
on the command line."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable

from suhbat.chat.model import Account, Actor
from suhbat.chat.ports import ConversationReader
from suhbat.chat.search import Query
from suhbat.chat.turns import ExportPace
from suhbat.protocol.objects import Message, Profile
from suhbat.protocol.types import MAX_PAGE, Schema, format_time

from .user_directory import UserDirectory

AT_ONCE = 100
"""Messages of one's own between two lines that an export can go on from."""


async def of_conversation(
    store: ConversationReader, pace: ExportPace, actor: Actor, name: str, after: int = 0
) -> AsyncIterator[bytes]:
    """Everything that the actor may read of it: its state, then the messages, ascending, the lines of a page together. `after`:
    the last `seq` that came of an export that broke off. Raises NotFound, Forbidden."""
    if not after:
        yield _line("conversation", await store.state(actor, name))
    place = after
    while True:
        async with pace.turn():
            page = await store.history(actor, name, after=place, limit=MAX_PAGE, aside=True)
            lines = _lines(page.messages)
        if lines:
            yield lines
        if not page.messages or not page.has_after:
            return
        place = page.messages[-1].seq


async def of_person(
    store: ConversationReader, pace: ExportPace, people: UserDirectory, actor: Actor, cursor: int | None = None
) -> AsyncIterator[bytes]:
    """Who they are, their sessions and conversations, and every message they wrote where they may still read, newest first,
    with a `cursor` line after every hundred, from which an export that broke off goes on."""
    if cursor is None:
        async for line in _who(store, people, actor):
            yield line
    below = cursor
    while True:
        async with pace.turn():
            page = await store.search(actor, Query(), actor.uid, limit=AT_ONCE, below=below)
            lines = _lines(page.messages)
        if lines:
            yield lines
        if page.cursor is None:
            return
        below = page.cursor
        yield json.dumps({"type": "cursor", "cursor": str(below)}).encode() + b"\n"


def profile(account: Account) -> Profile:
    """An account as its owner sees it."""
    return Profile(
        uid=account.uid,
        user_id=account.user_id,
        kind="account",
        display_name=account.display_name,
        role=account.role,
        locale=account.locale,
        added_by=account.added_by,
    )


async def _who(store: ConversationReader, people: UserDirectory, actor: Actor) -> AsyncIterator[bytes]:
    account = people.accounts.of_uid(actor.uid)
    yield _line("user", actor.user if account is None else profile(account))
    if account is not None:
        for session in await people.sessions.of(actor.uid):
            shown = {"id": session.id, "label": session.label, "created_at": format_time(session.created_at)}
            yield json.dumps({"type": "session", **shown}).encode() + b"\n"
    after: int | None = None
    while True:
        page = await store.states(actor, after=after)
        for state in page.states:
            yield _line("conversation", state)
        for invitation in page.invitations:
            yield _line("invitation", invitation)
        if page.after is None:
            return
        after = page.after


def _lines(messages: Iterable[Message]) -> bytes:
    # Together, for handing a piece to the transport costs more than making a line of it.
    return b"".join(_line("message", message) for message in messages)


def _line(kind: str, thing: Schema) -> bytes:
    # Not by way of a dictionary: an export has as many lines as there are messages, and all are made on the event loop.
    return f'{{"type":"{kind}",{thing.model_dump_json()[1:]}\n'.encode()
