"""The simple dialect's session: a name is claimed by connecting, and freed by leaving (PROTOCOL §1)."""

from __future__ import annotations

from functools import partial

from suhbat.chat.model import Actor, Outcome
from suhbat.errors import NameInUse, SuhbatError, Unauthenticated
from suhbat.hub.connection import Connection, Dialect, Wire
from suhbat.identity.guests import SILENCE_SECONDS, Claim
from suhbat.identity.names import normalise
from suhbat.protocol import simple
from suhbat.protocol.events import own_log
from suhbat.protocol.machine import Do
from suhbat.protocol.types import LOBBY, ME

from .session import BaseSession, Services, Upgrade


class SimpleSession(BaseSession):
    def __init__(self, services: Services, wire: Wire, upgrade: Upgrade, name: str) -> None:
        super().__init__(services, wire, upgrade)
        self.name = name
        self.language = upgrade.language
        self.claim: Claim | None = None
        self.machine: simple.SimpleMachine | None = None

    async def open(self) -> None:
        """Become the guest (or, with a token, the user) of this name; refusals are an `error` frame, then the close."""
        try:
            actor = await self._identify()
        except SuhbatError as error:
            self.end(error, simple.refusal(error, self.language))
            return
        connection = Connection(self.wire, Dialect.SIMPLE, actor, self.language)
        if self.claim is None:
            try:
                await self._follow_past(connection)
            except SuhbatError as error:
                self.services.hub.remove(connection)
                self.end(error, simple.refusal(error, self.language))
                return
        else:
            hub = self.services.hub
            connection.live = True
            hub.attach(connection, LOBBY, hub.rooms[LOBBY].head or 0)
            # Nothing can have been written to a log whose owner's uid was made a moment ago.
            hub.attach(connection, own_log(actor.uid), 0, known_head=0)
        if self.wire.closed:
            self.services.hub.remove(connection)
            return
        self.machine = simple.SimpleMachine(self.language, self.services.rates.meter(actor.uid))
        self.enter(connection)

    async def receive(self, data: str | bytes) -> None:
        if self.machine is None or self.connection is None:
            return
        action = self.machine.receive(data, self.services.clock.steady())
        if isinstance(action, Do):
            self._send(self.connection.actor, action.command)
        else:
            self.act(action)

    def release(self) -> None:
        super().release()
        claim, self.claim = self.claim, None
        if claim is not None:
            self.services.guests.release(claim)

    async def _identify(self) -> Actor:
        guests = self.services.guests
        if self.services.settings.access != "open" and self.upgrade.token is None:
            raise Unauthenticated("unauthenticated.access")  # whatever the name
        user_id = normalise(self.name)
        if self.upgrade.token is not None:
            actor = await self.authenticate(self.upgrade.token)
            if actor.user_id != user_id:
                raise Unauthenticated("unauthenticated.name", user_id=user_id)
            return actor
        try:
            self.claim = guests.claim(self.name)
        except NameInUse:
            held = guests.claim_of(self.name)
            if held is not None and isinstance(held.holder, SimpleSession):
                held.holder.wire.probe(SILENCE_SECONDS)
            raise
        self.claim.holder = self
        return self.claim.actor

    async def _follow_past(self, connection: Connection) -> None:
        """Follow the logs of an identity that was here before, from now on: this dialect shows no history."""
        hub, actor = self.services.hub, connection.actor
        hub.attach(connection, own_log(actor.uid), 0)
        opening = await self.services.store.opening(actor)
        for state in opening.states:
            hub.attach(connection, state.conversation, state.head, echo=state.member_count == 1)
        connection.lag[own_log(actor.uid)] = opening.heads[ME]
        hub.start_feed(connection)

    def _send(self, actor: Actor, command: simple.SimpleSend) -> None:
        peer: Actor | None = None
        if command.to_user:
            try:
                peer = self.services.messages.recipient(command.to_user)
            except SuhbatError as error:
                self.write(simple.refusal(error, self.language))
                return
        self.in_flight += 1
        self.services.messages.send(
            actor,
            text=command.message,
            conversation=None if peer else LOBBY,
            peer=peer,
            done=partial(self._sent, peer),
        )

    def _sent(self, peer: Actor | None, outcome: Outcome) -> None:
        self.in_flight -= 1
        if isinstance(outcome, SuhbatError):
            self.write(simple.refusal(outcome, self.language))
        elif peer is not None:
            online = self.services.here.is_online(peer.uid)
            self.write(simple.sent(outcome.conversation, outcome.seq, outcome.sent_at, peer, online=online))
