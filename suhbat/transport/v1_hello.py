"""The opening of a v1 connection: `hello`, `welcome`, then a snapshot or the resume (docs/reference/v1.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from suhbat.chat.model import Actor
from suhbat.chat.sync import Plan
from suhbat.errors import Busy, Internal, SuhbatError, Unauthenticated
from suhbat.hub.connection import Connection, FrameFormat, Target, Wire
from suhbat.identity.user_directory import Login
from suhbat.protocol import replies
from suhbat.protocol.commands import Hello
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.types import HELLO_SECONDS, MAX_FILES, ME
from suhbat.protocol.v1 import V1Machine
from suhbat.services import Services

from .dialect import BaseDialect, Rest, log
from .opening import Opening, OpeningPlan, removed
from .upgrade import Upgrade

FAILED_SECONDS = 30.0
"""The `retry_after` of an opening that failed because of a fault of this server."""


class V1Hello(BaseDialect):
    """Opens a connection. The request is kept until `hello`, which may use its ticket, header or cookie."""

    __slots__ = ("_deadline", "_upgrade", "machine")

    def __init__(self, services: Services, wire: Wire, upgrade: Upgrade) -> None:
        super().__init__(services, wire, upgrade)
        self._upgrade: Upgrade | None = upgrade
        self.machine = V1Machine(self.language, services.limits.rates.unidentified(self.address))
        self._deadline: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Wait for `hello`. After HELLO_SECONDS without it the connection is closed (4501)."""
        self.services.limits.unidentified.add(self)
        self._deadline = asyncio.get_running_loop().call_later(HELLO_SECONDS, self._late)

    def release(self) -> None:
        super().release()
        self.services.limits.unidentified.discard(self)
        if self._deadline is not None:
            self._deadline.cancel()

    def _late(self) -> None:
        if end := self.machine.expire_hello():
            self.perform(end)

    def turn_away(self, error: Busy) -> None:
        """Send an error and close: there are too many connections without `hello`. See `hub.unidentified`."""
        self.close_with_error(error, self.machine.refuse(error, None))

    async def hello(self, command: Hello) -> None:
        """Identify the user, then open the connection, or refuse it with an error and a close."""
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
            self.close_with_error(error, self.machine.refuse(error, command.id))
        except Exception:
            log.exception("v1: opening failed")
            # A retry would probably fail again. With this delay the client returns, and recovers once the fault is fixed.
            failure = Internal(retry_after=FAILED_SECONDS)
            self.close_with_error(failure, self.machine.refuse(failure, command.id))

    async def _open(self, command: Hello) -> Rest | None:
        if self.wire.closed:
            return None
        login = await self._identify(command)
        self.machine.language = self.language  # of the account, if it has one
        actor = login.actor
        connection = Connection(self.wire, FrameFormat.V1, actor, self.language, login.session)
        opening = Opening(self.services, connection)
        try:
            # The own log is followed before anything is read from the store, so that no event in between is missed.
            self.services.hub.follow(connection, {own_log(actor.uid): 0})
            planned = await opening.plan(command.resume)
        except BaseException:
            self.services.hub.remove(connection)
            raise
        if self.wire.closed or not self.is_valid(login, connection):
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
                resumed=planned.resume is not None,
                limits=self._limits(actor),
            )
        )
        return self._send_conversations(connection, opening, planned)

    def _limits(self, actor: Actor) -> replies.Limits:
        size = self.services.uploads.limits.allowed(actor)
        return replies.Limits() if size is None else replies.Limits(file_size=size, files=MAX_FILES)

    async def _send_conversations(self, connection: Connection, opening: Opening, planned: OpeningPlan) -> None:
        """Send the frames after `welcome`. This runs after the opening limiter's turn, because a slow peer may take long."""
        if planned.resume is None:
            assert planned.snapshot is not None
            heads = await opening.send_snapshot(planned.snapshot)
        else:
            heads = dict(planned.resume.heads)
            await self._send_plan(connection, opening, planned.resume)
        if self.connection is not connection:
            return  # closed meanwhile
        self.services.hub.catch_up(connection, Target(self._keys(heads, connection), presence=True))

    async def _identify(self, command: Hello) -> Login:
        upgrade, self._upgrade = self._upgrade, None
        assert upgrade is not None
        login = await self.login_of(upgrade, command.token)
        self.use(login)
        return login

    async def login_of(self, upgrade: Upgrade, token: str | None = None) -> Login:
        """The login of a request. `token`: from `hello`. A ticket is used up. Raises Unauthenticated, InvalidName, Busy."""
        if token is None and (ticket := upgrade.query.get("ticket")) is not None:
            return await self.services.tickets.redeem(ticket)
        if login := await self.ask_outside(upgrade, token or upgrade.bearer):
            return login
        token = token or upgrade.token
        if token is None:
            raise Unauthenticated
        return await self.services.people.authenticate(token)

    async def _send_plan(self, connection: Connection, opening: Opening, plan: Plan) -> None:
        """Send the states of the conversations that the connection follows, and `removed` for those that it does not. If
        that has changed since the plan was read, the events of the user's own log are newer and take precedence."""
        gone = [name for name in plan.removed if name not in connection.logs]
        if gone and not self.wire.closed:
            self.wire.write(removed(gone))
        await opening.send_resets(plan.resets)

    def _reply(self, frame: replies.Reply) -> None:
        self.write(replies.encode(frame))

    def _key(self, name: str, connection: Connection) -> str:
        return own_log(connection.actor.uid) if name == ME else name

    def _keys(self, heads: Mapping[str, int], connection: Connection) -> dict[str, int]:
        return {self._key(name, connection): head for name, head in heads.items()}
