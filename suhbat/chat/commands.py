"""The use case of every command that changes what is stored, but for sending. Every dialect and HTTP come through here."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

from suhbat.errors import BadRequest, UserNotFound
from suhbat.protocol.characters import cut
from suhbat.protocol.commands import Admit, Ban, Edit, Meet, Mute, React, Remove
from suhbat.protocol.http_commands import AcceptInvite, StateCommand
from suhbat.protocol.types import LOBBY

from .bans import BanListener, Bans
from .model import Actor, CommandContext, CommandResult
from .naming import named
from .ports import Clock, CommandWriter, Directory
from .reactions import wanted


class Commands:
    """Finds the people whom a command names, has the store carry it out, and does what must follow beside the log.

    `listener`: told of each user who is banned from the server.
    """

    def __init__(
        self, store: CommandWriter, directory: Directory, clock: Clock, bans: Bans, listener: BanListener
    ) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._bans = bans
        self._listener = listener

    async def execute(self, actor: Actor, command: StateCommand, *, exempt: bool = False) -> CommandResult:
        """Durable on return. `exempt`: see `CommandContext`.

        Raises the refusal, as `CommandWriter.execute`; UserNotFound for somebody who is not there, BadRequest for what is no
        emoji.
        """
        people: tuple[Actor, ...] = ()
        mentioned: tuple[str, ...] = ()
        match command:
            case Meet():
                people = await self.people(command.users, command.uids)
            case Admit() | Remove() | Ban() | Mute():
                people = (await self.person(command.user_id, command.uid),)
            case Edit():
                mentioned = named(command.text, self._directory)
            case React():
                command = command.model_copy(update={"emoji": wanted(command.emoji, on=command.on)})
        context = CommandContext(people, mentioned, exempt)
        result = await self._store.execute(actor, self._clock.wall(), command, context)
        if isinstance(command, Ban) and command.conversation == LOBBY:
            self._apply_server_ban(people[0].uid, command)
        return result

    async def accept_invite(self, actor: Actor, conversation: str) -> None:
        """Bring somebody into the room that their invite leads to."""
        await self.execute(actor, AcceptInvite(conversation=conversation))

    async def person(self, name: str, uid: str | None = None) -> Actor:
        """Who holds this name; with `uid`, if it is still they: a guest's name may be somebody else's by now, who must not be
        banned for what the one before did. Raises UserNotFound, Busy."""
        return (await self.people((name,), None if uid is None else (uid,)))[0]

    async def people(self, names: Sequence[str], uids: Sequence[str] | None = None) -> tuple[Actor, ...]:
        """The same for several; `uids` in the order of the names. Raises UserNotFound, Busy, BadRequest."""
        await self._directory.refresh(*names)
        if uids is not None and len(uids) != len(names):
            raise BadRequest(reason='"uids" has one for each of "users"')
        return tuple(self._holder(name, uid) for name, uid in zip(names, uids or repeat(None), strict=False))

    def _holder(self, name: str, uid: str | None) -> Actor:
        found = self._directory.find(name)
        if found is None or uid not in (None, found.uid):
            raise UserNotFound(user_id=cut(name, 64))
        return found

    def _apply_server_ban(self, uid: str, ban: Ban) -> None:
        self._bans.put(uid, ban.until, on=ban.on)
        if ban.on:
            self._listener.close_banned(uid)
