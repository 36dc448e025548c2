"""The commands of an open v1 connection (PROTOCOL §2): each is carried out and answered with a reply."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

from suhbat.chat.model import Actor, Outcome, Sent
from suhbat.chat.rate import cost_of, weigh
from suhbat.chat.sync import Plan, sync_plan
from suhbat.errors import Internal, NotFound, SuhbatError, UserNotFound
from suhbat.hub.connection import Connection, Target, Wire
from suhbat.protocol import replies
from suhbat.protocol.commands import History, Ping, Read, Send, Sync, Typing, V1StateCommand
from suhbat.protocol.events import own_log
from suhbat.protocol.notices import TypingNotice
from suhbat.protocol.types import ME
from suhbat.protocol.v1 import V1Machine
from suhbat.services import Services

from .dialect import BaseDialect, Rest, log
from .opening import Opening, removed
from .upgrade import Upgrade

OpenCommand = Send | Ping | Typing | History | Sync | V1StateCommand
"""Every command but `hello`."""
C = TypeVar("C", bound=V1StateCommand | History | Sync)

SYNCS = 8
"""Syncs of one connection that may wait for `caught_up`; while there are more, the socket is not read. Each holds the heads
that it asked for, and every step of the feed checks them."""
TYPING_SECONDS = 3.0
"""The shortest time between two typing notices of one connection in one conversation. Further ones are dropped."""


class V1Commands(BaseDialect):
    """Carries out commands. `v1.V1Dialect` adds the opening of the connection."""

    __slots__ = ("machine", "typed")

    def __init__(self, services: Services, wire: Wire, upgrade: Upgrade) -> None:
        super().__init__(services, wire, upgrade)
        self.machine = V1Machine(self.language, services.limits.rates.fresh(self.address))
        self.typed: dict[str, float] = {}  # by conversation, when a typing notice was sent last

    @property
    def crowded(self) -> bool:
        return super().crowded or (self.connection is not None and len(self.connection.targets) > SYNCS)

    def execute(self, command: OpenCommand) -> Rest | None:
        """Carry out a command and reply to it. Sends are replied to when they are stored."""
        match command:
            case Send():
                return self._send(command)
            case Ping():
                self._reply(replies.Pong(id=command.id, heads=self._heads()))
            case Typing():
                self._typing(command)
            case History():
                return self._carry_out(command, self._history)
            case Sync():
                return self._carry_out(command, self._sync)
            case _:
                return self._carry_out(command, self._execute)
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
                actor, error, text=command.text, client_id=command.client_id, reply_to=command.reply_to
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
        if isinstance(outcome, SuhbatError):
            self._send_error(outcome, id)
        else:
            self._acknowledge(id, outcome)

    def _acknowledge(self, id: int | str | None, sent: Sent) -> None:
        self.services.counts.sends[self.label] += 1
        if id is not None:
            self.write(replies.sent(id, sent.conversation, sent.seq, sent.ordinal, sent.sent_at, sent.duplicate))

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

    async def _execute(self, command: V1StateCommand) -> None:
        assert self.connection is not None
        weigh(self.machine.meter, cost_of(command), self.services.clock.steady())
        result = await self.services.commands.execute(self.connection.actor, command)
        if command.id is not None:
            unread = result.unread if isinstance(command, Read) else None
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
                limit=command.limit,
            )
        if command.id is not None:
            self._reply(
                replies.Page(
                    id=command.id,
                    messages=page.messages,
                    has_before=page.has_before,
                    has_after=page.has_after,
                    head=page.head,
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

    async def _send_plan(self, connection: Connection, opening: Opening, plan: Plan) -> None:
        """Send the states of the conversations that the connection follows, and `removed` for those that it does not. If
        that has changed since the plan was read, the events of the user's own log are newer and take precedence."""
        gone = [name for name in plan.removed if name not in connection.logs]
        if gone and not self.wire.closed:
            self.wire.write(removed(gone))
        await opening.send_resets(plan.resets)

    # Answers

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

    def _reply(self, frame: replies.Reply) -> None:
        self.write(replies.encode(frame))

    def _send_error(self, error: SuhbatError, id: int | str | None) -> None:
        self.count_refusal(error.code)
        self.write(self.machine.refuse(error, id))

    def _heads(self) -> dict[str, int]:
        assert self.connection is not None
        own = own_log(self.connection.actor.uid)
        heads = self.services.hub.heads_for(self.connection)
        return {ME if key == own else key: head for key, head in heads.items()}

    def _key(self, name: str, connection: Connection) -> str:
        return own_log(connection.actor.uid) if name == ME else name

    def _keys(self, heads: Mapping[str, int], connection: Connection) -> dict[str, int]:
        return {self._key(name, connection): head for name, head in heads.items()}
