"""The state of chats: in which step of a dialogue somebody is, and what the bot remembers. The names are those of aiogram."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from .stores import BotStorage

STATE = "state"
"""The key of the name of the state, beside "data"."""


class BotState:
    """A step of a dialogue, an attribute of a `StatesGroup`. As a filter it lets through what comes in this step."""

    def __init__(self) -> None:
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"{owner.__qualname__}:{name}"

    def __repr__(self) -> str:
        return f"<State {self.name}>"

    async def __call__(self, update: Any) -> bool:
        state: ChatState = update.state
        return await state.get_state() == self.name


class StatesGroup:
    """The base of classes with states: `class Form(StatesGroup): name = State()`."""


class ChatStates:
    """The states of all chats over a store. Changes are kept here until `take` gives them to be saved."""

    def __init__(self, store: BotStorage) -> None:
        self._store = store
        self.writing = asyncio.Lock()
        """Held from reading a value to changing it: tasks and handlers of other conversations may do the same."""
        self._dirty: dict[str, str | None] = {}
        self._saving: dict[str, str | None] = {}

    async def get(self, key: str) -> str | None:
        for changes in (self._dirty, self._saving):
            if key in changes:
                return changes[key]
        return await self._store.get(key)

    def change(self, changes: Mapping[str, str | None]) -> None:
        self._dirty |= changes

    @property
    def changed(self) -> bool:
        return bool(self._dirty or self._saving)

    def take(self) -> Mapping[str, str | None]:
        """Everything to be saved. What an earlier call gave is among it, unless `saved` was called."""
        self._saving |= self._dirty
        self._dirty = {}
        return self._saving

    def saved(self) -> None:
        self._saving = {}


class UpdateStates:
    """The states as one handler sees them. Its changes become those of the bot when the event is done, so that a handler that
    is broken off and runs again after a restart finds what it found before."""

    def __init__(self, states: ChatStates) -> None:
        self._states = states
        self.writing = states.writing
        self._changes: dict[str, str | None] | None = {}

    async def get(self, key: str) -> str | None:
        if self._changes is not None and key in self._changes:
            return self._changes[key]
        return await self._states.get(key)

    def set(self, key: str, value: str | None) -> None:
        if self._changes is None:  # a task that outlives its handler
            self._states.change({key: value})
        else:
            self._changes[key] = value

    def done(self) -> None:
        if self._changes:
            self._states.change(self._changes)
        self._changes = None


def written_through(states: ChatStates) -> UpdateStates:
    """For what belongs to no event: changes are those of the bot at once."""
    through = UpdateStates(states)
    through.done()
    return through


class ChatState:
    """What the bot remembers of one person in one conversation, or of a conversation. Values are what JSON can hold."""

    def __init__(self, states: UpdateStates, key: str) -> None:
        self._states = states
        self._key = key

    async def get_state(self) -> str | None:
        """The name of the present state; None if there is none."""
        name: str | None = (await self._read()).get(STATE)
        return name

    async def set_state(self, state: BotState | str | None = None) -> None:
        """Raises TypeError, as all that write, for a value that is no JSON."""
        await self._write({STATE: state.name if isinstance(state, BotState) else state})

    async def get_data(self) -> dict[str, Any]:
        data: dict[str, Any] = (await self._read()).get("data", {})
        return data

    async def set_data(self, data: Mapping[str, Any]) -> None:
        await self._write({"data": dict(data)})

    async def update_data(self, **values: Any) -> dict[str, Any]:
        """Set these values beside the others, or remove those that are None; gives all of them."""
        async with self._states.writing:
            known = await self._read()
            data = {key: value for key, value in (known.get("data", {}) | values).items() if value is not None}
            self._keep(known | {"data": data})
        return data

    async def clear(self) -> None:
        """Forget the state and the data."""
        self._states.set(self._key, None)

    async def _read(self) -> dict[str, Any]:
        value = await self._states.get(self._key)
        return {} if value is None else json.loads(value)

    async def _write(self, changes: Mapping[str, Any]) -> None:
        async with self._states.writing:
            self._keep(await self._read() | dict(changes))

    def _keep(self, known: Mapping[str, Any]) -> None:
        value = {key: value for key, value in known.items() if value}
        self._states.set(self._key, json.dumps(value, ensure_ascii=False) if value else None)


KEY_OF_BOT = "bot"


def chat_key(conversation: str, uid: str | None = None) -> str:
    """The key of the state of a conversation, or of a person in it."""
    return f"chat {conversation}" if uid is None else f"chat {conversation} {uid}"
