"""The v1 dialect: hello, resume, commands with replies (PROTOCOL §2)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

from suhbat.chat.model import Actor, Outcome, Sent
from suhbat.chat.rate import cost_of, weigh
from suhbat.chat.sync import Plan, sync_plan
from suhbat.errors import Busy, Internal, NotFound, SuhbatError, Unauthenticated, UserNotFound
from suhbat.hub.connection import Connection, FrameFormat, Target, Wire
from suhbat.identity.login import Login
from suhbat.protocol import replies
from suhbat.protocol.commands import Command, Hello, History, Ping, Read, Send, Sync, Typing, V1StateCommand
from suhbat.protocol.events import own_log
from suhbat.protocol.machine import Do
from suhbat.protocol.notices import TypingNotice
from suhbat.protocol.types import HELLO_SECONDS, ME
from suhbat.protocol.v1 import V1Machine
from suhbat.services import Services

from .dialect import BaseDialect, Rest, log
from .opening import Beginning, Opening, removed
from .upgrade import Upgrade

C = TypeVar("C", bound=V1StateCommand | History | Sync)

SYNCS = 8
"""Syncs of one connection that may wait to be caught up; beyond that the socket is not read. Each holds the heads of all
that it asked for, and every step of the feed looks at them."""
FAILED_SECONDS = 30.0
"""How long who was told of a fault of ours stays away at least, until they try to come in again."""
TYPING_SECONDS = 3.0
"""A user's typing in a conversation is passed on at most this often."""


class V1Dialect(BaseDialect):
    """See `dialect.Dialect`. The request is kept until `hello`, which may mean its ticket, header or cookie."""

    label = "v1"

    __slots__ = ("_deadline", "_upgrade", "machine", "typed")

    def __init__(self, services: Services, wire: Wire, upgrade: Upgrade) -> None:
        super().__init__(services, wire, upgrade)
        self._upgrade: Upgrade | None = upgrade
        self.machine = V1Machine(self.language, services.limits.rates.fresh(self.address))
        self.typed: dict[str, float] = {}
        self._deadline: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Wait for `hello`: 10 s, then 4501."""
        self.services.limits.unidentified.add(self)
        self._deadline = asyncio.get_running_loop().call_later(HELLO_SECONDS, self._late)

    def receive(self, data: str | bytes) -> Rest | None:
        action = self.machine.receive(data, self.services.clock.steady())
        if isinstance(action, Do):
            return self._do(action.command)
        self.act(action)
        return None

    @property
    def crowded(self) -> bool:
        return super().crowded or (self.connection is not None and len(self.connection.targets) > SYNCS)

    def release(self) -> None:
        super().release()
        self.services.limits.unidentified.discard(self)
        if self._deadline is not None:
            self._deadline.cancel()

    def _late(self) -> None:
        if end := self.machine.late():
            self.act(end)

    def _do(self, command: Command) -> Rest | None:
        match command:
            case Send():
                return self._send(command)
            case Hello():
                return self._hello(command)
            case Ping():
                self._reply(replies.Pong(id=command.id, heads=self._heads()))
            case Typing():
                self._typing(command)
            case History():
                return self._answered(command, self._history)
            case Sync():
                return self._answered(command, self._sync)
            case _:
                return self._answered(command, self._execute)
        return None

    # Opening

    def turn_away(self, error: Busy) -> None:
        """Send an error and close: there are too many connections without `hello`. See `hub.unidentified`."""
        self.end(error, self.machine.refuse(error, None))

    async def _hello(self, command: Hello) -> None:
        self.services.limits.unidentified.discard(self)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        try:
            async with self.services.limits.opening_limiter.turn():
                rest = await self._open(command)
            if rest is not None:
                await rest
        except SuhbatError as error:
            self.end(error, self.machine.refuse(error, command.id))
        except Exception:
            log.exception("v1: opening failed")
            # It would fail again at once: they come back, but not soon, and are well when the fault is gone.
            failure = Internal(retry_after=FAILED_SECONDS)
            self.end(failure, self.machine.refuse(failure, command.id))

    async def _open(self, command: Hello) -> Rest | None:
        if self.wire.closed:
            return None
        login = await self._identify(command)
        self.machine.language = self.language  # of the account, if it has one
        actor = login.actor
        connection = Connection(self.wire, FrameFormat.V1, actor, self.language, login.session)
        opening = Opening(self.services, connection)
        try:
            # Listen before anything is read, so that nothing falls between.
            self.services.hub.follow(connection, {own_log(actor.uid): 0})
            begun = await opening.begin(command.resume)
        except BaseException:
            self.services.hub.remove(connection)
            raise
        if self.wire.closed or not self.still(login, connection):
            self.services.hub.remove(connection)
            return None
        self.machine.meter = self.services.limits.rates.meter(actor.uid, self.address)
        self.enter(connection)
        self._reply(
            replies.Welcome(
                id=command.id,
                user=actor.user,
                connection=connection.id,
                epoch=self.services.store.epoch,
                resumed=begun.plan is not None,
            )
        )
        return self._tell(connection, opening, begun)

    async def _tell(self, connection: Connection, opening: Opening, begun: Beginning) -> None:
        """What follows `welcome`. A peer that takes its time keeps nobody waiting who stands in line."""
        if begun.plan is None:
            assert begun.first is not None
            heads = await opening.send_snapshot(begun.first)
        else:
            heads = dict(begun.plan.heads)
            await self._send_plan(connection, opening, begun.plan)
        if self.connection is not connection:
            return  # gone meanwhile
        self.services.hub.catch_up(connection, Target(self._keys(heads, connection), presence=True))

    async def _send_plan(self, connection: Connection, opening: Opening, plan: Plan) -> None:
        """Of what is followed its state, of what is not that it is gone. Where that changed since the plan was read, they
        were told so by their own log, which is newer."""
        gone = [name for name in plan.removed if name not in connection.logs]
        if gone and not self.wire.closed:
            self.wire.write(removed(gone))
        await opening.send_resets(plan.resets)

    async def _identify(self, command: Hello) -> Login:
        upgrade, self._upgrade = self._upgrade, None
        assert upgrade is not None
        ticket = upgrade.query.get("ticket")
        if command.token is None and ticket is not None:
            found = await self.services.tickets.redeem(ticket)
            self.hold(found)
            return found
        if login := await self.recognise_outside(upgrade, command.token or upgrade.bearer):
            return login
        token = command.token or upgrade.token
        if token is None:
            raise Unauthenticated
        return await self.authenticate(token)

    # Commands

    def _send(self, command: Send) -> Rest | None:
        assert self.connection is not None
        try:
            peer = None if command.to_user is None else self.services.messages.recipient(command.to_user, command.uid)
        except UserNotFound as error:
            return self._repeated(command, error)
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

    async def _repeated(self, command: Send, error: UserNotFound) -> None:
        """Nobody here knows the name. Another node may; or it may have been answered before."""
        assert self.connection is not None
        actor = self.connection.actor
        try:
            peer = await self._found(command)
            if peer is not None:
                if self.connection is not None:
                    self._post(command, peer)
                return
            sent = await self.services.messages.repeated(
                actor, error, text=command.text, client_id=command.client_id, reply_to=command.reply_to
            )
        except SuhbatError as refusal:
            self._refuse(refusal, command.id)
            return
        self._tell_sent(command.id, sent)

    async def _found(self, command: Send) -> Actor | None:
        assert command.to_user is not None
        try:
            return await self.services.messages.find_recipient(command.to_user, command.uid)
        except UserNotFound:
            return None

    def _sent(self, id: int | str | None, outcome: Outcome) -> None:
        self.in_flight -= 1
        if isinstance(outcome, SuhbatError):
            self._refuse(outcome, id)
        else:
            self._tell_sent(id, outcome)

    def _tell_sent(self, id: int | str | None, sent: Sent) -> None:
        self.services.counts.sends[self.label] += 1
        if id is not None:
            self.write(replies.sent(id, sent.conversation, sent.seq, sent.ordinal, sent.sent_at, sent.duplicate))

    def _typing(self, command: Typing) -> None:
        assert self.connection is not None
        actor, key = self.connection.actor, command.conversation
        if key not in self.connection.logs:
            self._refuse(NotFound(), command.id)
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
        # Where the plan resets a log its cursor is the head that was read; the channel may be further.
        cursors = {name: plan.cursors[name] for name in command.cursors if name in plan.cursors}
        hub.sync(connection, self._keys(cursors, connection))
        try:
            await self._send_plan(connection, Opening(self.services, connection), plan)
        finally:
            asked = {name: head for name, head in places.heads.items() if name in command.cursors}
            hub.catch_up(connection, Target(self._keys(asked, connection), presence=False))

    # Answers

    async def _answered(self, command: C, work: Callable[[C], Awaitable[None]]) -> None:
        """Carry out a command that asks the store. One at a time for each connection, and a few for each user: nobody can
        fill the queue of reads, or the memory with answers that nobody takes."""
        try:
            await work(command)
        except SuhbatError as error:
            self._refuse(error, command.id)
        except Exception:
            log.exception("v1: command failed", command=command.type)
            self._refuse(Internal(), command.id)

    def _reply(self, frame: replies.Reply) -> None:
        self.write(replies.encode(frame))

    def _refuse(self, error: SuhbatError, id: int | str | None) -> None:
        self.refused(error.code)
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
