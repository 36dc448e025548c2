"""Carries out the tools: each is a translation onto what the API does for the same user, with the same limits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from suhbat.chat.model import Actor
from suhbat.chat.rate import Cost, charge
from suhbat.chat.search import parse
from suhbat.programs.mcp import writing
from suhbat.programs.mcp.tools import (
    LIST,
    READ,
    SEARCH,
    SEND,
    UNREAD,
    Arguments,
    ListConversations,
    ReadMessages,
    SearchMessages,
    SendMessage,
    UnreadMessages,
)
from suhbat.protocol.objects import ConversationState, Message
from suhbat.services import Services

from ..paths import place_in_list, valid_id
from ..search import find_messages

UNREAD_CONVERSATIONS = 10
"""Conversations of which one call shows unread messages; further ones of its page are only named."""
UNREAD_SHOWN = 7
"""Unread messages that are shown of each."""
PAGE = 50
"""Conversations that are read at once to find those with unread messages."""
LOOKED_AT = 500
"""Conversations that one call looks through for them."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """Who calls, and from which address, as limits count it."""

    services: Services
    actor: Actor
    address: str

    @property
    def shared_address(self) -> str:
        """The address whose reads count together, or ""; see `dependencies`."""
        return self.address if self.actor.kind == "guest" else ""

    def charge(self, cost: Cost) -> None:
        """Count the call, which has counted once already, as so many messages. Raises RateLimited."""
        meter = self.services.limits.rates.meter(self.actor.uid, self.address)
        charge(meter, cost, self.services.clock.steady())


async def list_conversations(call: ToolCall, asked: ListConversations) -> str:
    async with call.services.limits.reads.quick(call.actor.uid, call.shared_address):
        page = await call.services.store.states(call.actor, after=place_in_list(asked.cursor or ""), limit=asked.limit)
    return writing.page(
        f"The user is {call.actor.user_id}. {writing.DATA}",
        map(writing.conversation, sorted(page.states, key=_last_said, reverse=True)),
        map(writing.invitation, page.invitations),
        _next(page.after),
    )


async def read_messages(call: ToolCall, asked: ReadMessages) -> str:
    async with call.services.limits.reads.quick(call.actor.uid, call.shared_address):
        page = await call.services.store.history(
            call.actor,
            valid_id(asked.conversation),
            before=asked.before,
            after=asked.after,
            around=asked.around,
            thread=asked.thread,
            limit=asked.limit,
        )
    messages = call.services.hub.growing.fill(asked.conversation, page.messages)
    shown = writing.fitting(messages, _centre(messages, asked))
    root = () if page.root is None else (writing.message(page.root),)
    return writing.page(
        f"Messages of {asked.conversation}, oldest first. {writing.DATA}"
        if messages or root
        else "There are no messages.",
        root,
        shown.texts,
        _neighbours(
            messages[shown.first : shown.last],
            has_before=page.has_before or shown.first > 0,
            has_after=page.has_after or shown.last < len(messages),
        ),
    )


def _centre(messages: Sequence[Message], asked: ReadMessages) -> int:
    """The message of a page that is shown in any case: the first, the last, or the one that was asked for."""
    if asked.after is not None or not messages:
        return 0
    return max((at for at, one in enumerate(messages) if one.seq <= (asked.around or one.seq)), default=0)


async def search_messages(call: ToolCall, asked: SearchMessages) -> str:
    call.charge(Cost.SEARCH)
    async with call.services.limits.reads.slow(call.actor.uid, call.shared_address):
        page = await find_messages(call.services, call.actor, parse(asked.query), limit=asked.limit, below=asked.cursor)
    found = [writing.message(one, place=one.conversation, most=writing.EXCERPT) for one in page.messages]
    return writing.page(
        f"Found messages, newest first. {writing.DATA}" if found else "No messages were found.",
        found,
        _next(page.cursor),
    )


async def unread_messages(call: ToolCall, asked: UnreadMessages) -> str:
    call.charge(Cost.SEARCH)
    async with call.services.limits.reads.slow(call.actor.uid, call.shared_address):
        found, after = await _unread_conversations(call, place_in_list(asked.cursor or ""))
        texts = [text for state in found[:UNREAD_CONVERSATIONS] for text in await _unread_of(call, state)]
    texts += map(writing.heading, found[UNREAD_CONVERSATIONS:])
    return writing.page(
        f"Unread messages of {call.actor.user_id}. {writing.DATA}" if texts else "Nothing is unread here.",
        texts,
        _next(after),
    )


async def send_message(call: ToolCall, asked: SendMessage) -> str:
    sent = await call.services.messages.post(
        call.actor,
        text=asked.text,
        conversation=None if asked.conversation is None else valid_id(asked.conversation),
        to_user=asked.to_user,
        client_id=asked.client_id,
        reply_to=asked.reply_to,
        thread=asked.thread,
        slash=True,
    )
    call.services.counts.sent("http", command=sent.command)
    if sent.command:
        return f"A bot in {sent.conversation} got it as a command; it is no message."
    already = "It was sent before" if sent.duplicate else "Sent"
    return f"{already}, as #{sent.seq} in {sent.conversation}."


async def _unread_conversations(call: ToolCall, after: int | None) -> tuple[list[ConversationState], int | None]:
    """The next conversations with something unread, and where the next page begins."""
    found: list[ConversationState] = []
    for _ in range(LOOKED_AT // PAGE):
        page = await call.services.store.states(call.actor, after=after, limit=PAGE)
        found += (one for one in page.states if one.unread or any(thread.unread for thread in one.threads))
        after = page.after
        if after is None or len(found) >= UNREAD_CONVERSATIONS:
            break
    return found, after


async def _unread_of(call: ToolCall, state: ConversationState) -> list[str]:
    """A conversation, and the latest of its unread messages."""
    texts = [writing.heading(state)]
    if state.unread:
        page = await call.services.store.history(call.actor, state.conversation, limit=min(state.unread, UNREAD_SHOWN))
        messages = call.services.hub.growing.fill(state.conversation, page.messages)
        texts += [writing.message(one, most=writing.EXCERPT) for one in messages if _is_unread(one, state, call.actor)]
    return texts


def _is_unread(one: Message, state: ConversationState, actor: Actor) -> bool:
    is_above = one.ordinal is not None and one.ordinal > state.read_ordinal
    return is_above and one.sender_uid != actor.uid and not one.deleted


def _last_said(state: ConversationState) -> int:
    return 0 if state.last_message is None else state.last_message.sent_at


def _next(cursor: int | None) -> str:
    return "" if cursor is None else f"There is more: call again with cursor {cursor}."


def _neighbours(shown: Sequence[Message], *, has_before: bool, has_after: bool) -> str:
    """How to go on reading."""
    if not shown:
        return ""
    earlier = f"Earlier messages: before {shown[0].seq}. " if has_before else ""
    later = f"Later messages: after {shown[-1].seq}." if has_after else "These are the latest messages."
    return earlier + later


CALLS: dict[str, Callable[..., Awaitable[str]]] = {
    LIST.name: list_conversations,
    READ.name: read_messages,
    SEARCH.name: search_messages,
    UNREAD.name: unread_messages,
    SEND.name: send_message,
}


async def carry_out(call: ToolCall, name: str, asked: Arguments) -> str:
    """The result of a tool, whose arguments these are. Raises SuhbatError."""
    return await CALLS[name](call, asked)
