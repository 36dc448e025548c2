"""The simple dialect: a name is claimed by connecting, and freed by leaving (docs/reference/simple.md)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from suhbat.chat.model import Actor, Outcome, Places
from suhbat.errors import NameInUse, RateLimited, SuhbatError, Unauthenticated, UserNotFound
from suhbat.hub.connection import Connection, FrameFormat, Wire
from suhbat.identity.claims import Claim, Names
from suhbat.identity.guests import SILENCE_SECONDS
from suhbat.identity.names import normalise
from suhbat.identity.user_directory import Login
from suhbat.protocol import simple
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.machine import Do
from suhbat.protocol.types import LOBBY, ME
from suhbat.services import Services

from .delivery_tracker import DeliveryTracker
from .dialect import BaseDialect, Rest
from .upgrade import Upgrade

REPLAYED = 1_000
"""The most events of one direct that an account gets from the time it was away."""


class SimpleDialect(BaseDialect):
    """Implements `dialect.Dialect`. A bare guest holds a `claim` to its name; a user with a token has a login instead."""

    label = "simple"

    __slots__ = ("_delivered", "_has_bearer", "_token", "_upgrade", "claim", "machine", "name")

    def __init__(self, services: Services, wire: Wire, upgrade: Upgrade, name: str) -> None:
        super().__init__(services, wire, upgrade)
        self.name = name
        self._token = upgrade.token
        # Only an outer application needs the headers; otherwise an idle connection would keep them in memory.
        self._upgrade = None if services.external is None else upgrade
        self._has_bearer = upgrade.bearer is not None
        self.claim: Claim | None = None
        self._delivered: DeliveryTracker | None = None
        self.machine: simple.SimpleMachine | None = None

    def open(self) -> Rest | None:
        """Connect as the user of the token, or as a bare guest of this name. A refusal is an `error` frame, then a close."""
        try:
            if self._token is not None or self.services.external is not None:
                return self._open_as_user(self._token)
            return self._open_as_guest()
        except SuhbatError as error:
            self.close_with_error(error, simple.refusal(error, self.language))
        return None

    def receive(self, data: str | bytes) -> Rest | None:
        if self.machine is None or self.connection is None:
            return None
        action = self.machine.receive(data, self.services.clock.steady())
        if isinstance(action, Do):
            return self._send(self.connection.actor, action.command)
        self.perform(action)
        return None

    def release(self) -> None:
        super().release()
        if self._delivered is not None:
            self._delivered.stop()
        claim, self.claim = self.claim, None
        if claim is not None:
            self.services.people.guests.release(claim)
            if self.services.people.names is not None:
                self.services.people.names.release(claim)

    # Opening

    def _open_as_guest(self) -> Rest | None:
        """Connect as a new bare guest, who gets messages from now on. Raises NameInUse, Unauthenticated, InvalidName."""
        if self.services.settings.access != "open":
            raise Unauthenticated("unauthenticated.access")  # before the name is checked
        try:
            self.claim = self.services.people.claim(self.name)
        except NameInUse:
            held = self.services.people.guests.claim_of(self.name)
            if held is not None and isinstance(held.holder, SimpleDialect):
                held.holder.wire.probe(SILENCE_SECONDS)
            raise
        self.claim.holder = self
        if self.services.people.names is not None:
            return self._hold_on_all_nodes(self.services.people.names, self.claim)
        self._start_guest(self.claim.actor)
        return None

    async def _hold_on_all_nodes(self, names: Names, claim: Claim) -> None:
        """Hold the guest's name in the cluster, then connect."""
        try:
            await names.hold(claim)
        except SuhbatError as error:
            self.services.people.guests.release(claim)
            self.claim = None
            self.close_with_error(error, simple.refusal(error, self.language))
            return
        if self.wire.closed or self.claim is not claim:
            names.release(claim)
            return
        self._start_guest(claim.actor)

    def _start_guest(self, actor: Actor) -> None:
        connection = Connection(self.wire, FrameFormat.SIMPLE, actor, self.language)
        self.services.hub.start_live(connection)
        self._start(connection)

    async def _open_as_user(self, token: str | None) -> None:
        """Connect as a user with a login. The connection follows the user's logs from their heads, because this dialect
        shows no history; an account also gets the direct messages that it has missed."""
        hub = self.services.hub
        connection: Connection | None = None
        try:
            login = await self._login_of_this_name(token)
            if login is None:
                return
            actor = login.actor
            connection = Connection(self.wire, FrameFormat.SIMPLE, actor, self.language, login.session)
            hub.follow(connection, {own_log(actor.uid): 0})
            places = await self.services.store.places(actor)
            shown = {} if actor.kind == "guest" else await self.services.store.delivered(actor.uid)
        except SuhbatError as error:
            if connection is not None:
                hub.remove(connection)
            self.close_with_error(error, simple.refusal(error, self.language))
            return
        if self.wire.closed or not self.is_valid(login, connection):
            hub.remove(connection)
            return
        hub.learn_head(own_log(actor.uid), places.heads[ME])
        hub.follow(connection, self._cursors(connection, places, shown), places)
        hub.catch_up(connection, None)
        self._start(connection)
        if actor.kind == "account":
            self._delivered = DeliveryTracker(hub, self.services.store, self.services.tasks, connection, shown)

    def _cursors(self, connection: Connection, places: Places, shown: Mapping[str, int]) -> dict[str, int]:
        """The cursors of the logs that the connection follows: the user's own, the lobby and the directs. This dialect shows
        no rooms. A direct that the connection follows already was created a moment ago, so it keeps its cursor."""
        actor = connection.actor
        cursors = {own_log(actor.uid): places.heads[ME]}
        for name, head in places.heads.items():
            if name == LOBBY:
                cursors[name] = head
            elif name in places.directs and name not in connection.logs:
                # An account gets the messages that were sent while it was away.
                missed = max(shown.get(name, 0), head - REPLAYED, places.oldest[name])
                cursors[name] = missed if actor.kind == "account" else head
        return cursors

    async def _login_of_this_name(self, token: str | None) -> Login | None:
        """The login of the token, if it belongs to the name in the path. Raises InvalidName, Unauthenticated.

        A browser sends its cookie with every request, whatever the name, even after the session has ended. Such a cookie
        must not prevent a guest from connecting: then this connects as a guest and returns None.
        """
        user_id = normalise(self.name)
        try:
            login = await self._login(token)
            if login.actor.user_id != user_id:
                raise Unauthenticated("unauthenticated.name", user_id=user_id)
        except Unauthenticated:
            if self._has_bearer:
                raise
            self.release()
            if not self.wire.closed and (rest := self._open_as_guest()) is not None:
                await rest
            return None
        return login

    async def _login(self, token: str | None) -> Login:
        upgrade, self._upgrade = self._upgrade, None
        login = None if upgrade is None else await self.login_outside(upgrade, upgrade.bearer)
        if login is not None:
            return login
        if token is None:
            raise Unauthenticated
        return await self.authenticate(token)

    def _start(self, connection: Connection) -> None:
        # A bare guest gets a new uid with each connect. Its meter belongs to the name, or a reconnect would reset it.
        who = connection.actor.uid if self.claim is None else f"{self.claim.skeleton} {self.address}"
        self.machine = simple.SimpleMachine(self.language, self.services.limits.rates.meter(who, self.address))
        self.enter(connection)

    # Commands

    def _send(self, actor: Actor, command: simple.SimpleSend) -> Rest | None:
        peer: Actor | None = None
        if command.to_user:
            try:
                peer = self.services.messages.recipient(command.to_user)
            except UserNotFound:
                return self._find_and_send(actor, command)
        self._post(actor, command, peer)
        return None

    async def _find_and_send(self, actor: Actor, command: simple.SimpleSend) -> None:
        """Send to a user whom this node does not know, but another node may."""
        assert command.to_user is not None
        try:
            peer = await self.services.messages.find_recipient(command.to_user)
        except SuhbatError as error:
            self._send_error(error)
            return
        self._post(actor, command, peer)

    def _post(self, actor: Actor, command: simple.SimpleSend, peer: Actor | None) -> None:
        if self.claim is not None and not self.claim.counted:
            try:
                self.services.people.guests.count(self.address)
            except RateLimited as error:
                self.write(simple.refusal(error, self.language))
                return
            self.claim.counted = True
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
            self._send_error(outcome)
            return
        self.services.counts.sends[self.label] += 1
        if peer is not None:
            online = self.services.presence.is_online(peer.uid)
            self.write(simple.sent(outcome.conversation, outcome.seq, outcome.sent_at, peer, online=online))

    def _send_error(self, error: SuhbatError) -> None:
        self.count_refusal(error.code)
        self.write(simple.refusal(error, self.language))
