"""The use case of every command that changes the store, except sending. All dialects and HTTP call it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

from suhbat.errors import BadRequest, UserNotFound
from suhbat.protocol.characters import cut
from suhbat.protocol.commands import Admit, Ban, Edit, Meet, Mute, React, Remove
from suhbat.protocol.http_commands import AcceptInvite, StateCommand
from suhbat.protocol.types import LOBBY

from .bans import BanListener, Bans
from .mentions import mentioned_uids
from .model import Actor, CommandContext, CommandResult, Invite, NewPicture
from .ports import Clock, CommandWriter, Directory
from .reactions import valid_emoji


class Commands:
    """Resolves the users whom a command names, and executes it in the store.

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

    async def execute(
        self, actor: Actor, command: StateCommand, *, exempt: bool = False, picture: NewPicture | None = None
    ) -> CommandResult:
        """Execute a command; durable on return. `exempt`, `picture`: see `CommandContext`.

        Raises the errors of `CommandWriter.execute`; UserNotFound for an unknown name, BadRequest for an invalid emoji.
        """
        people: tuple[Actor, ...] = ()
        mentioned: tuple[str, ...] = ()
        match command:
            case Meet():
                people = await self.people(command.users, command.uids)
            case Admit() | Remove() | Ban() | Mute():
                people = (await self.person(command.user_id, command.uid),)
            case Edit():
                mentioned = mentioned_uids(command.text, self._directory)
            case React():
                command = command.model_copy(update={"emoji": valid_emoji(command.emoji, on=command.on)})
        context = CommandContext(people, mentioned, exempt, picture)
        result = await self._store.execute(actor, self._clock.wall(), command, context)
        if isinstance(command, Ban) and command.conversation == LOBBY:
            self._apply_server_ban(people[0].uid, command)
        return result

    async def accept_invite(self, actor: Actor, conversation: str) -> None:
        """Add a user to the room of the invite with which they registered."""
        await self.execute(actor, AcceptInvite(conversation=conversation))

    async def use_invite(self, actor: Actor, invite: Invite) -> None:
        """Add a user who is here already to the room of an invite, which has one use less then. For a member nothing changes.
        Raises Forbidden if the invite has no use left."""
        if invite.conversation is not None:
            command = AcceptInvite(conversation=invite.conversation, code_hash=invite.code_hash.hex())
            await self.execute(actor, command)

    async def person(self, name: str, uid: str | None = None) -> Actor:
        """The user with this name. With `uid`, it must be this user: the name of a guest may belong to another guest by now,
        who must not be banned for what the first one did. Raises UserNotFound, Busy."""
        return (await self.people((name,), None if uid is None else (uid,)))[0]

    async def people(self, names: Sequence[str], uids: Sequence[str] | None = None) -> tuple[Actor, ...]:
        """The same for several users. `uids`: in the order of the names. Raises UserNotFound, Busy, BadRequest."""
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
