"""The calls of `Suhbat` for reading: history, read marks, threads, what is for the user, what they are told of."""

from __future__ import annotations

from typing import Any

from suhbat.protocol.commands import ChangeThread, History, MarkUnread, Read, Save, SetNotify
from suhbat.protocol.inbox import Mentions, SavedMessages
from suhbat.protocol.objects import Level
from suhbat.protocol.replies import Acted, Page

from .asking import Asking
from .lists import Lists


class ReadingCalls(Asking):
    """Part of `Suhbat`."""

    async def history(
        self,
        conversation: str,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        around_time: int | None = None,
        thread: int | None = None,
        limit: int = 50,
    ) -> Page:
        """A page of messages, ascending: the newest, or those before, after or around a `seq`, or around the first one at
        `around_time` or later, in milliseconds since 1970. `limit`: 1 to 200. Without replies in threads; with `thread`,
        those to the message of this `seq`.

        Raises Refused, ChatClosed."""
        return await self._do(
            History,
            Page,
            type="history",
            conversation=conversation,
            before=before,
            after=after,
            around=around,
            around_time=around_time,
            thread=thread,
            limit=limit,
        )

    async def follow(self, conversation: str, thread: int, *, on: bool = True) -> Acted:
        """Follow the thread of the message of this `seq`, or no longer. Raises Refused, ChatClosed."""
        return await self._change_thread(conversation, thread, follow=on)

    async def read_thread(self, conversation: str, thread: int, read_ordinal: int, *, unread: bool = False) -> Acted:
        """Mark a thread that the user follows as read, up to this `thread_ordinal`; with `unread`, what is above it as unread.
        Raises Refused, ChatClosed."""
        return await self._change_thread(conversation, thread, read_ordinal=read_ordinal, unread=unread)

    async def _change_thread(self, conversation: str, thread: int, **changes: Any) -> Acted:
        return await self._do(ChangeThread, Acted, type="thread", conversation=conversation, seq=thread, **changes)

    async def read(self, conversation: str, ordinal: int) -> Acted:
        """Mark everything up to the message with this `ordinal` as read. `Acted.unread` is what remains. Raises Refused,
        ChatClosed."""
        return await self._do(Read, Acted, type="read", conversation=conversation, ordinal=ordinal)

    async def mark_unread(self, conversation: str, ordinal: int) -> Acted:
        """Mark the message with this `ordinal` as the first unread one, on all devices of the user. Others are not told. Raises
        Refused, ChatClosed."""
        return await self._do(MarkUnread, Acted, type="unread", conversation=conversation, ordinal=ordinal)

    async def mentions(self, *, cursor: str | None = None, limit: int = 50) -> Mentions:
        """A page of the messages that mention the user, or reply to a message of theirs, the newest first. `cursor`: that of
        the page before; `limit`: 1 to 100. Raises Refused."""
        return await Lists(self._transfers).mentions(cursor, limit)

    async def save(self, conversation: str, seq: int, *, on: bool = True) -> Acted:
        """Save the message of this `seq` for later, or no longer. Raises Refused (`too_many_saved`), ChatClosed."""
        return await self._do(Save, Acted, type="save", conversation=conversation, seq=seq, on=on)

    async def saved(self, *, cursor: str | None = None, limit: int = 50) -> SavedMessages:
        """A page of the messages that the user saved, the last saved one first; as `mentions`. Raises Refused."""
        return await Lists(self._transfers).saved(cursor, limit)

    async def notify(self, conversation: str, level: Level, *, until: int | None = None) -> Acted:
        """Choose of which messages of a conversation the user is notified: `all`, `mentions` or `none`; `until` a time in
        milliseconds since 1970. Raises Refused, ChatClosed."""
        return await self._do(SetNotify, Acted, type="notify", conversation=conversation, level=level, until=until)
