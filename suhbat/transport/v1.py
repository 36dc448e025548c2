"""The v1 dialect: commands with replies (docs/reference/v1.md). `v1_hello` opens the connection before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import ClassVar, TypeVar

from suhbat.chat.model import Actor, Outcome, PostResult
from suhbat.chat.rate import charge, cost_of
from suhbat.chat.sync import sync_plan
from suhbat.errors import Internal, NotFound, SuhbatError, UserNotFound
from suhbat.hub.connection import Target, Wire
from suhbat.protocol import replies
from suhbat.protocol.bots import buttons_of
from suhbat.protocol.commands import (
    Active,
    Append,
    ChangeThread,
    Command,
    Finish,
    Hello,
    History,
    MarkUnread,
    Ping,
    Read,
    Send,
    Sync,
    Typing,
    V1StateCommand,
)
from suhbat.protocol.extras import Extra
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.machine import Do
from suhbat.protocol.notices import TypingNotice
from suhbat.protocol.types import ME
from suhbat.services import Services

from .dialect import Rest, log
from .opening import Opening
from .upgrade import Upgrade
from .v1_hello import V1Hello

C = TypeVar("C", bound=V1StateCommand | Append | Finish | History | Sync | Typing)

TYPING_SECONDS = 3.0
"""The shortest time between two typing notices of one connection in one conversation. Further ones are dropped."""


class V1Dialect(V1Hello):
    """Implements `dialect.Dialect`."""

    label = "v1"
    is_connection: ClassVar[bool] = True
    """Whether its end means that the client has gone."""

    __slots__ = ("typed",)

    def __init__(self, services: Services, wire: Wire, upgrade: Upgrade) -> None:
        super().__init__(services, wire, upgrade)
        self.typed: dict[str, float] = {}  # by conversation, when a typing notice was sent last

    def receive(self, data: str | bytes) -> Rest | None:
        action = self.machine.receive(data, self.services.clock.steady())
        if isinstance(action, Do):
            return self._execute(action.command)
        self.perform(action)
        return None

    def _execute(self, command: Command) -> Rest | None:
        """Carry out a command and reply to it. A send gets its reply when it is stored."""
        match command:
            case Send():
                return self._send(command)
            case Append():
                return self._append(command)
            case Hello():
                return self.hello(command)
            case Ping():
                self._reply(replies.Pong(id=command.id, heads=self._heads()))
            case Typing():
                self._typing(command)
            case Active():
                self._active(command)
            case History():
                return self._carry_out(command, self._history)
            case Sync():
                return self._carry_out(command, self._sync)
            case Finish():
                return self._carry_out(command, self._finish)
            case _:
                return self._carry_out(command, self._change)
        return None

    def _send(self, command: Send) -> Rest | None:
        assert self.connection is not None
        try:
            peer = None if command.to_user is None else self.services.messages.recipient(command.to_user, command.uid)
        except UserNotFound as error:
            return self._send_to_unknown(command, error)
        self._post(command, peer)
        return None

    def _post(self, command: Send, peer: Actor | None) -> None:
        assert self.connection is not None
        self.in_flight += 1
        self.services.messages.send(
            self.connection.actor,
            text=command.text,
            conversation=command.conversation,
            peer=peer,
            client_id=command.client_id,
            reply_to=command.reply_to,
            thread=command.thread,
            also=command.also,
            files=command.files,
            extra=_extra(command),
            attended=self.is_connection,
            slash=True,
            done=partial(self._sent, command.id),
        )

    async def _send_to_unknown(self, command: Send, error: UserNotFound) -> None:
        """Send to a name that this node does not know. Another node may know it, or the send may be a repetition of one
        that was acknowledged before."""
        assert self.connection is not None
        actor = self.connection.actor
        try:
            peer = await self._find_recipient(command)
            if peer is not None:
                if self.connection is not None:
                    self._post(command, peer)
                return
            sent = await self.services.messages.repeated(
                actor,
                error,
                text=command.text,
                client_id=command.client_id,
                reply_to=command.reply_to,
                files=command.files,
                extra=_extra(command),
            )
        except SuhbatError as refusal:
            self._send_error(refusal, command.id)
            return
        self._acknowledge(command.id, sent)

    async def _find_recipient(self, command: Send) -> Actor | None:
        assert command.to_user is not None
        try:
            return await self.services.messages.find_recipient(command.to_user, command.uid)
        except UserNotFound:
            return None

    def _sent(self, id: int | str | None, outcome: Outcome) -> None:
        self.in_flight -= 1
        if isinstance(outcome, PostResult):
            self._acknowledge(id, outcome)
        else:
            self._send_error(outcome, id)

    def _acknowledge(self, id: int | str | None, sent: PostResult) -> None:
        self.services.counts.sent(self.label, command=sent.command)
        if id is not None:
            self.wire.reply(
                replies.sent(
                    id,
                    sent.conversation,
                    sent.seq,
                    sent.ordinal,
                    sent.sent_at,
                    sent.duplicate,
                    sent.thread_ordinal,
                    sent.command,
                )
            )

    def _append(self, command: Append) -> Rest | None:
        """Appends have a rate of their own, so one that passes does not count as a message."""
        assert self.connection is not None
        try:
            offset = self.services.growing.append_now(self.connection.actor, command, self._source)
        except SuhbatError as error:
            self._send_error(error, command.id)
            return None
        if offset is None:
            return self._carry_out(command, self._append_later)
        self.machine.meter.give_back()
        self._appended(command.id, offset)
        return None

    async def _append_later(self, command: Append) -> None:
        assert self.connection is not None
        self._appended(command.id, await self.services.growing.append(self.connection.actor, command, self._source))

    @property
    def _source(self) -> str | None:
        """The connection over which a message grows."""
        return self.connection.id if self.connection is not None and self.is_connection else None

    def _appended(self, id: int | str | None, offset: int) -> None:
        if id is not None:
            self._reply(replies.Appended(id=id, offset=offset))

    async def _finish(self, command: Finish) -> None:
        assert self.connection is not None
        result = await self.services.growing.finish(self.connection.actor, command, self.machine.meter)
        if command.id is not None:
            self._reply(replies.Acted(id=command.id, conversation=result.conversation, seq=result.seq))

    def _typing(self, command: Typing) -> None:
        assert self.connection is not None
        actor, key = self.connection.actor, command.conversation
        if key not in self.connection.logs:
            self._send_error(NotFound(), command.id)
            return
        now = self.services.clock.steady()
        if now - self.typed.get(key, -TYPING_SECONDS) >= TYPING_SECONDS:
            self.typed[key] = now
            notice = TypingNotice(conversation=key, user_id=actor.user_id, uid=actor.uid)
            self.services.hub.notices.broadcast(key, replies.encode(notice), but=actor.uid)
        if command.id is not None:
            self._reply(replies.Ok(id=command.id))

    def _active(self, command: Active) -> None:
        assert self.connection is not None
        self.services.active.say(self.connection.actor.uid, self.connection.id, on=command.on)
        if command.id is not None:
            self._reply(replies.Ok(id=command.id))

    async def _change(self, command: V1StateCommand) -> None:
        assert self.connection is not None
        charge(self.machine.meter, cost_of(command), self.services.clock.steady())
        result = await self.services.commands.execute(self.connection.actor, command)
        if command.id is not None:
            unread = result.unread if isinstance(command, Read | MarkUnread | ChangeThread) else None
            self._reply(
                replies.Acted(
                    id=command.id,
                    conversation=result.conversation,
                    seq=result.seq,
                    unread=unread,
                    invited=result.invited,
                )
            )

    async def _history(self, command: History) -> None:
        assert self.connection is not None
        async with self.services.limits.reads.quick(self.connection.actor.uid):
            page = await self.services.store.history(
                self.connection.actor,
                command.conversation,
                before=command.before,
                after=command.after,
                around=command.around,
                around_time=command.around_time,
                thread=command.thread,
                limit=command.limit,
            )
        if command.id is not None:
            self._reply(
                replies.Page(
                    id=command.id,
                    messages=self.services.hub.growing.fill(command.conversation, page.messages),
                    has_before=page.has_before,
                    has_after=page.has_after,
                    head=page.head,
                    root=page.root,
                )
            )

    async def _sync(self, command: Sync) -> None:
        connection = self.connection
        assert connection is not None
        async with self.services.limits.reads.quick(connection.actor.uid):
            places = await self.services.store.places(connection.actor)
        if self.connection is None:
            return
        plan = sync_plan(places, command.cursors)
        if command.id is not None:
            self._reply(replies.Ok(id=command.id))
        hub = self.services.hub
        # For a log that the plan resets, the cursor is the head that was read; the channel may be ahead of it.
        cursors = {name: plan.cursors[name] for name in command.cursors if name in plan.cursors}
        hub.sync(connection, self._keys(cursors, connection))
        try:
            await self._send_plan(connection, Opening(self.services, connection), plan)
        finally:
            asked = {name: head for name, head in places.heads.items() if name in command.cursors}
            hub.catch_up(connection, Target(self._keys(asked, connection), presence=False))

    # Replies

    async def _carry_out(self, command: C, work: Callable[[C], Awaitable[None]]) -> None:
        """Carry out a command that waits for the store, and send an error if it fails. The transport reads no further
        command meanwhile, so a connection cannot fill the queue of reads, nor the memory with replies."""
        try:
            await work(command)
        except SuhbatError as error:
            self._send_error(error, command.id)
        except Exception:
            log.exception("v1: command failed", command=command.type)
            self._send_error(Internal(), command.id)

    def _send_error(self, error: SuhbatError, id: int | str | None) -> None:
        self.count_refusal(error.code)
        self.write(self.machine.refuse(error, id))

    def _heads(self) -> dict[str, int]:
        assert self.connection is not None
        own = own_log(self.connection.actor.uid)
        heads = self.services.hub.heads_for(self.connection)
        return {ME if key == own else key: head for key, head in heads.items()}


def _extra(command: Send) -> Extra | None:
    if not command.streaming and not command.actions:
        return None
    return Extra(actions=buttons_of(command.actions), streaming=command.streaming)
