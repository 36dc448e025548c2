"""Carrying out what changes state, but for sending; and what must happen beside the log when it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat

from suhbat.errors import BadRequest, UserNotFound
from suhbat.protocol.characters import cut
from suhbat.protocol.types import LOBBY

from .acts import Accept, Act, Ban, Done
from .bans import Bans
from .model import Actor
from .ports import Clock, CommandWriter, Directory


class Acting:
    """The use case. Every dialect and HTTP come through here."""

    def __init__(self, store: CommandWriter, directory: Directory, clock: Clock, bans: Bans) -> None:
        self._store = store
        self._clock = clock
        self._bans = bans
        self.directory = directory
        self.banished: Callable[[str], None] = lambda uid: None
        """Called with the uid of somebody who was banned from the server: their connections must go. Wired by `node.py`."""

    def now(self) -> int:
        """For `Act.at`."""
        return self._clock.wall()

    def person(self, name: str, uid: str | None = None) -> Actor:
        """Who holds this name; with `uid`, if it is still they: a guest's name may be somebody else's by now, who must not be
        banned for what the one before did. Raises UserNotFound."""
        found = self.directory.find(name)
        if found is None or uid not in (None, found.uid):
            raise UserNotFound(user_id=cut(name, 64))
        return found

    def people(self, names: Sequence[str], uids: Sequence[str] | None = None) -> tuple[Actor, ...]:
        """The same for several; `uids` in the order of the names. Raises UserNotFound, BadRequest."""
        if uids is not None and len(uids) != len(names):
            raise BadRequest(reason='"uids" has one for each of "users"')
        return tuple(self.person(name, uid) for name, uid in zip(names, uids or repeat(None), strict=False))

    async def learn(self, *names: str) -> None:
        """See Directory.learn: call it before `person`, where there is time to wait."""
        await self.directory.learn(*names)

    async def do(self, act: Act) -> Done:
        """Durable on return. Raises the refusal, as `CommandWriter.act`."""
        done = await self._store.act(act)
        if isinstance(act, Ban) and act.conversation == LOBBY:
            self._bans.put(act.person.uid, act.until, on=act.on)
            if act.on:
                self.banished(act.person.uid)
        return done

    async def accept_invite(self, actor: Actor, conversation: str) -> None:
        """Bring somebody into the room that their invitation leads to."""
        await self.do(Accept(actor=actor, at=self.now(), conversation=conversation))
