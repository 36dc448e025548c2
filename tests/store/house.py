"""A store and commands for it in few words: rooms with people in them, and what a command told."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from suhbat.chat.model import Actor, CommandResult
from suhbat.chat.ports import Store
from suhbat.errors import SuhbatError
from suhbat.protocol import commands
from suhbat.protocol.events import Event
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.objects import ConversationState, Role
from suhbat.protocol.types import LOBBY
from tests.commands import execute

from .parts import ALI, VALI, Listener, everything, logged, values

AT = 1_795_000_000_000
SOLI = Actor("u-soli", "soli", lobby_from=0)
LOLA = Actor("u-lola", "lola", lobby_from=0)
MODERATOR = Actor("u-moderator", "posbon", "account", 0, "moderator")
"""A moderator of the server."""
LORD = Actor("u-lord", "ega", "account", 0, "owner")
"""The owner of the server."""


class House:
    """A store with the events that it published. `at` is the time of every command; a test may change it."""

    def __init__(self, store: Store, listener: Listener) -> None:
        self.store = store
        self.listener = listener
        self.at = AT
        self._keys = count(1)

    async def do(self, kind: type[Any], actor: Actor, conversation: str | None = None, **fields: Any) -> CommandResult:
        """Carry out a command of this kind; its fields as `tests.commands.made` takes them."""
        if conversation is not None:
            fields["conversation"] = conversation
        return await execute(self.store, kind, actor, self.at, **fields)

    async def refused(
        self, error: type[SuhbatError], text: str | None, kind: type[Any], actor: Actor, /, *place: str, **fields: Any
    ) -> SuhbatError:
        """That it is refused with exactly this error, and text if given, and that nobody heard of anything."""
        heard = len(self.listener.heard)
        with pytest.raises(error) as refusal:
            await self.do(kind, actor, *place, **fields)
        assert type(refusal.value) is error, refusal.value
        assert text is None or refusal.value.text == text, refusal.value.text
        assert self.listener.heard[heard:] == []
        return refusal.value

    async def quiet(self, kind: type[Any], actor: Actor, conversation: str, **fields: Any) -> CommandResult:
        """Carry out what changes nothing: no event, and `seq` is the head."""
        heard = len(self.listener.heard)
        done = await self.do(kind, actor, conversation, **fields)
        assert self.listener.heard[heard:] == []
        assert done.seq == (await self.store.heads([conversation]))[conversation]
        return done

    async def told(self, kind: type[Any], actor: Actor, conversation: str | None = None, **fields: Any) -> list[Event]:
        """The events of a command, in the order in which they were told."""
        heard = len(self.listener.entries)
        await self.do(kind, actor, conversation, **fields)
        return [entry.event for entry in self.listener.entries[heard:]]

    async def room(self, owner: Actor = ALI, /, *people: Actor, **settings: Any) -> str:
        """A new room with these members."""
        made = await self.do(commands.Create, owner, **({"title": "Xona"} | settings))
        for person in people:
            await self.admit(owner, made.conversation, person)
        return made.conversation

    async def admit(self, actor: Actor, room: str, person: Actor, role: Role = "member") -> CommandResult:
        """Without asking them; tests/store/write/test_invitations.py is about that."""
        return await self.do(commands.Admit, actor, room, person=person, role=role, exempt=True)

    async def write(self, actor: Actor, conversation: str = LOBBY, text: str = "salom", **fields: Any) -> int:
        """A new message; its `seq`."""
        fields = {"at": self.at, "client_id": f"k{next(self._keys)}"} | fields
        return (await self.listener.send(self.store, actor, text, conversation=conversation, **fields)).seq

    async def cannot_write(self, actor: Actor, conversation: str, **fields: Any) -> SuhbatError:
        fields = {"at": self.at} | fields
        return await self.listener.refused(self.store, actor, conversation=conversation, **fields)

    async def state(self, actor: Actor, conversation: str) -> ConversationState:
        """As an opening shows it."""
        states = (await everything(self.store, actor)).states
        return next(state for state in states if state.conversation == conversation)

    async def roles(self, actor: Actor, room: str) -> dict[str, Role]:
        """What each member of a room is there, by name."""
        page = await self.store.members(actor, room, limit=1_000)
        return {member.user.user_id: member.role for member in page.members}

    async def log(self, name: str) -> list[Event]:
        """A log from its beginning."""
        return [entry.event for entry in await logged(self.store, name, 0, 10_000)]

    async def own(self, actor: Actor) -> list[Event]:
        return await self.log(own_log(actor.uid))

    async def texts(self, actor: Actor, conversation: str) -> list[str]:
        """What this person reads there."""
        return [message.text for message in (await self.store.history(actor, conversation, limit=200)).messages]


def holding(place: Path, text: str) -> list[str]:
    """The columns of the database, as `table.column`, in which this text stands, also within JSON or as bytes."""
    return sorted({name for name, value in values(place) if text.encode() in value})


PEOPLE = (ALI, VALI, SOLI, LOLA)
