"""What people were told in random histories, written down for the JavaScript SDK to fold it too (histories.mjs).

A recording is one person's: a list of steps in their order. `["hello", resume]`, `["frame", frame, syncs]`, `["tick",
seconds, syncs]`: what the Python SDK was given, and for which cursors it then asked; `["fresh",
{conversations, cursors, invitations}]`: what the store gave when asked afresh, after Python's state was found to be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from pydantic_core import to_jsonable_python

from suhbat.chat.model import Actor
from suhbat.chat.ports import Store
from suhbat.client.effects import Effect, Say
from suhbat.client.frames import Frame
from suhbat.client.state import State
from suhbat.protocol.commands import Hello, Sync
from tests.store.parts import everything
from tests.store.test_fold import Reader, Theatre


class RecordedState(State):
    """A state that records its calls and their results."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[list[Any]] = []

    def hello(self, token: str, now: float) -> Hello:
        hello = super().hello(token, now)
        self.steps.append(["hello", to_jsonable_python(hello.resume)])
        return hello

    def receive(self, frame: Frame, now: float, *, full: bool = False) -> Sequence[Effect]:
        effects = super().receive(frame, now, full=full)
        self.steps.append(["frame", to_jsonable_python(frame), _syncs(effects)])
        return effects

    def tick(self, now: float) -> list[Effect]:
        effects = super().tick(now)
        self.steps.append(["tick", now, _syncs(effects)])
        return effects


class RecordedReader(Reader):
    """One who folds into such a state."""

    recordings: list[list[list[Any]]]
    """Of all; set by the theatre."""

    def __init__(self, store: Store, actor: Actor, random: Random) -> None:
        super().__init__(store, actor, random)
        self.state: RecordedState = RecordedState()
        self.recordings.append(self.state.steps)


class RecordingTheatre(Theatre):
    """Plays histories as `test_fold` does. `recordings`: one for each person of each history."""

    def __init__(self, make: Callable[..., Store], place: Path) -> None:
        super().__init__(make, place)
        self.recordings: list[list[list[Any]]] = []
        self.reader = type("TheatreReader", (RecordedReader,), {"recordings": self.recordings})

    async def check(self, reader: Reader) -> None:
        await super().check(reader)
        if reader.here and isinstance(reader.state, RecordedState):
            fresh = await everything(self.store, reader.actor)
            states = {state.conversation: to_jsonable_python(state) for state in fresh.states}
            invitations = to_jsonable_python(fresh.invitations)
            known = {"conversations": states, "cursors": dict(fresh.places.heads), "invitations": invitations}
            reader.state.steps.append(["fresh", known])


def _syncs(effects: Sequence[Effect]) -> list[dict[str, int]]:
    return [
        dict(effect.command.cursors)
        for effect in effects
        if isinstance(effect, Say) and isinstance(effect.command, Sync)
    ]
