"""A reader over the simple dialect, which has no cursors and no resume, but no gaps within a connection."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from suhbat.protocol.types import LOBBY

from ..history import Row
from .client import BACK_SECONDS
from .network import Cable

if TYPE_CHECKING:
    from .world import World


class Watcher:
    """`seen`: by connection, the `seq`s of the messages of the lobby in the order in which they arrived."""

    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self.world = world
        self.cable: Cable | None = None
        self.seen: list[list[int]] = []
        self._joined = False
        self._told = "nothing"
        """What kept it from coming in, the last time."""

    def connect(self) -> None:
        node = self.world.any_node()
        if node is None:
            self._come_back()
            return
        self._joined = False
        seen: list[int] = []
        self.seen.append(seen)
        cable: Cable | None = None

        def heard(text: str | None) -> None:
            if self.cable is not cable:
                return
            if text is None:
                self.cable = None
                self._come_back()
                return
            frame = json.loads(text)
            if frame["type"] == "message" and frame["conversation"] == LOBBY:
                seen.append(frame["seq"])
            elif frame["type"] == "joined" and frame["user_id"] == self.name:
                self._joined = True
            elif frame["type"] == "error":
                self._told = frame["code"]

        self.cable = cable = node.accept(heard, f"/ws/{self.name}")

    def _come_back(self) -> None:
        self.world.loop.call_later(self.world.chance.random() * BACK_SECONDS, self.connect)

    @property
    def missing(self) -> str:
        if self.cable is None or not self._joined:
            where = "away" if self.cable is None else "connected"
            return f"{self.name} is not back: {where}, and was told {self._told}"
        seen, last = self.seen[-1], self.world.last_message(LOBBY)
        return f"{self.name} has seen {seen[-1]} of {last}" if seen and seen[-1] < last else ""

    def faults(self, lobby: Sequence[Row]) -> Iterator[str]:
        """Each connection got the messages of the log without gaps, and the last one got all up to the end."""
        messages = [row for row in lobby if row.is_message]
        for number, seen in enumerate(self.seen):
            if not seen:
                continue
            last = messages[-1].seq if number == len(self.seen) - 1 else seen[-1]
            # A message deleted in the meantime may have been shown or not.
            expected = [
                row.seq for row in messages if seen[0] <= row.seq <= last and (not row.deleted or row.seq in seen)
            ]
            if seen != expected:
                yield f"{self.name} was shown {seen}, and in the log are {expected}"
