"""A strict v1 reader: it takes frames in order over several connections, and treats everything else as a fault."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from suhbat.protocol.types import ME

Frame = dict[str, Any]

NEEDED = {"interrupted", "new"}
"""Reasons for a reset that a client may meet in a test. The others concern clients that are far behind, or a store that
went back."""


class Broken(AssertionError):
    """The server broke a promise."""


class Reader:
    """Holds the cursors over all connections of one client; `take` gives the events that a client applies.

    G4 and G5: on a connection each log continues at cursor + 1, without gaps, or after a reset.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.uid = ""
        self.epoch = ""
        self.cursors: dict[str, int] = {}
        self.start: dict[str, int] = {}
        self.resets = 0
        self.dropped = 0
        self._early: dict[str, list[Frame]] = defaultdict(list)
        self._fresh: dict[str, int] = {}
        """The heads of resets since the last `caught_up`, which are newer than the `conversation.added` that follow them."""

    def hello(self, token: str, sdk: Mapping[str, int]) -> Frame:
        """`sdk`: the cursors of the SDK that reads the same frames. They may be lower, because it does not keep early
        events."""
        frame: Frame = {"type": "hello", "id": "hello", "token": token}
        if self.cursors:
            lower = {log: min(cursor, sdk.get(log, cursor)) for log, cursor in self.cursors.items()}
            frame["resume"] = {"epoch": self.epoch, "cursors": lower}
        self._early.clear()
        self._fresh.clear()
        return frame

    def take(self, frame: Frame) -> Iterator[Frame]:
        """The events to apply of one frame, which must not be a reply. Raises Broken."""
        match frame["type"]:
            case "welcome":
                self._welcome(frame)
            case "snapshot":
                self.cursors = dict(frame["cursors"])
                self.start = dict(frame["cursors"])
            case "reset":
                self._reset(frame)
            case "conversation.removed" if "seq" not in frame:
                self.cursors.pop(frame["removed"], None)
            case "caught_up":
                self._fresh.clear()
            case "presence" | "typing" | "receipt":
                pass
            case _:
                yield from self._event(frame)

    def _welcome(self, frame: Frame) -> None:
        if self.epoch not in ("", frame["epoch"]):
            raise Broken(f"{self.name}: the epoch changed from {self.epoch} to {frame['epoch']}")
        if frame["resumed"] is not bool(self.cursors):
            raise Broken(f"{self.name}: resumed is {frame['resumed']} for {self.cursors}")
        self.uid, self.epoch = frame["user"]["uid"], frame["epoch"]

    def _reset(self, frame: Frame) -> None:
        state = frame["state"]
        if frame["reason"] not in NEEDED or state["kind"] == "lobby":
            raise Broken(f"{self.name}: a reset that nobody needed: {frame['reason']} of {state['conversation']}")
        self.resets += 1
        self.cursors[state["conversation"]] = self._fresh[state["conversation"]] = state["head"]

    def _event(self, frame: Frame) -> Iterator[Frame]:
        log, seq = frame["conversation"], frame["seq"]
        if log not in self.cursors:
            self._early[log].append(frame)  # its first events came before the event that added it
            return
        cursor = self.cursors[log]
        if seq <= cursor:
            self.dropped += 1
            return
        if seq > cursor + 1:
            raise Broken(f"{self.name}: {log} went from {cursor} to {seq}")
        self.cursors[log] = seq
        yield frame
        if log == ME and frame["type"] == "conversation.added":
            name, head = frame["state"]["conversation"], frame["state"]["head"]
            self.cursors[name] = max(head, self.cursors.get(name, 0), self._fresh.get(name, 0))
            self.start.setdefault(name, head)
            for early in self._early.pop(name, []):
                yield from self._event(early)
        elif log == ME and frame["type"] == "conversation.removed":
            self.cursors.pop(frame["removed"], None)
