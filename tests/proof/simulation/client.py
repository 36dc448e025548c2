"""A client that writes and reads over unreliable cables, follows the rules of the protocol, and records everything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from suhbat.client.effects import Dead, Effect, Say
from suhbat.client.frames import decode
from suhbat.client.state import State
from suhbat.protocol.objects import ConversationState
from suhbat.protocol.replies import encode

from ..history import Changed, Place
from ..reading import Broken, Frame, Reader
from .network import Cable

if TYPE_CHECKING:
    from .node import SimulatedNode
    from .world import World

BACK_SECONDS = 0.5
AGAIN_SECONDS = 0.3
TICK_SECONDS = 0.5
REPEATED = {"busy", "storage_unavailable", "rate_limited", "internal"}
"""Answers that promise nothing: the same is asked again."""
MAY_BE_WRONG = {"thread", "admit"}
"""Commands about a message or a person that was chosen by chance: a reply, the last owner."""


class Client:
    """`token`: of its user. Reconnects by itself and repeats undecided messages."""

    def __init__(self, world: World, name: str, token: str) -> None:
        self.name = name
        self.world = world
        self.reader = Reader(name)
        self.state = State()
        """What the SDK makes of the same frames."""
        world.loop.call_later(TICK_SECONDS, self._tick)
        self.undecided: dict[str, Frame] = {}
        self.changing: dict[str, Changed] = {}
        self.asked: dict[str, str] = {}
        """The types of other commands, by id."""
        self.caught_up = False
        self.cable: Cable | None = None
        self.rooms: dict[str, int] = {}
        self._token = token
        self._since = 0.0
        self._count = 0

    @property
    def now(self) -> float:
        return self.world.loop.time()

    # Asking

    def send(self, text: str, **where: Any) -> str:
        """Send a message. `where`: `conversation` or `to_user`, and maybe `thread`. Returns the key."""
        self._count += 1
        key = f"{self.name}-{self._count}"
        text = f"{text} ({key})"
        self.world.history.invoke(self.name, key, where.get("conversation", ""), text, self.now)
        self.world.history.said[key].thread = where.get("thread")
        self.undecided[key] = {"type": "send", "id": key, "client_id": key, "text": text, **where}
        self._say(self.undecided[key])
        return key

    def again(self, key: str) -> None:
        """Repeat an acknowledged message."""
        said = self.world.history.said[key]
        if said.place is not None:
            where: Frame = {"conversation": said.place.log, **({"thread": said.thread} if said.thread else {})}
            self._say({"type": "send", "id": key, "client_id": key, "text": said.text, **where})

    def conflict(self, key: str) -> None:
        """Reuse an acknowledged key for another message."""
        said = self.world.history.said[key]
        if said.place is not None:
            place = said.place.log
            self._say(
                {"type": "send", "id": f"conflict {key}", "client_id": key, "text": "else", "conversation": place}
            )

    def change(self, log: str, seq: int, text: str | None) -> None:
        """Edit a message, or delete it (None)."""
        self._count += 1
        id = f"{self.name}.{self._count}"
        if self._open:
            change = Changed(log, seq, text)
            self.world.history.changed.append(change)
            self.changing[id] = change
            what: Frame = {"type": "delete"} if text is None else {"type": "edit", "text": text}
            self._say(what | {"id": id, "conversation": log, "seq": seq})

    def ask(self, type: str, **fields: object) -> None:
        """Send a command that may be refused, but is none that nobody understands."""
        self._count += 1
        id = f"{self.name}.{self._count}"
        self.asked[id] = type
        self._say({"type": type, "id": id, **fields})

    # The connection

    @property
    def _open(self) -> bool:
        return self.cable is not None and self.caught_up

    def _say(self, frame: Frame) -> None:
        if self.cable is not None and self.caught_up:
            self.cable.say(json.dumps(frame))

    def connect(self, node: SimulatedNode | None = None) -> None:
        """Connect to this node, or to any that is up; if there is none, try again soon."""
        if self.cable is not None:
            return
        node = node or self.world.any_node()
        if node is None or not node.up:
            self._come_back()
            return
        self.caught_up = False
        self._since = self.now
        cable: Cable | None = None

        def heard(text: str | None) -> None:
            if self.cable is not cable:
                return
            if text is None:
                self.cable, self.caught_up = None, False
                self.changing.clear()  # nobody knows, and it is not asked again
                for key in self.undecided:
                    self.world.history.said[key].doubt = True
                self._come_back()
            else:
                try:
                    self._sdk(text)
                    self._hear(json.loads(text))
                except AssertionError as error:
                    self.world.found.append(str(error))

        self.state.hello(self._token, self.now)
        self.cable = cable = node.accept(heard)
        cable.say(json.dumps(self.reader.hello(self._token, self.state.cursors)))

    def _come_back(self) -> None:
        self.world.loop.call_later(self.world.chance.random() * BACK_SECONDS, self.connect)

    def _hear(self, frame: Frame) -> None:
        match frame["type"]:
            case "ok":
                self._answered(frame)
            case "error":
                self._refused(frame)
            case "pong":
                self._heads(frame)
            case "caught_up" if not self.caught_up:
                self.caught_up = True
                for command in self.undecided.values():
                    self._say(command)
            case _:
                self._take(frame)

    def _sdk(self, text: str) -> None:
        frame = decode(text)
        assert frame is not None, text
        self._carry_out(self.state.receive(frame, self.now))

    def _carry_out(self, effects: Sequence[Effect]) -> None:
        """Carry out an effect of the SDK, which does not keep events of a conversation that it does not know yet."""
        for effect in effects:
            if isinstance(effect, Say):
                self._say(json.loads(encode(effect.command)))
            elif isinstance(effect, Dead) and self.cable is not None:
                self.cable.cut()

    def _tick(self) -> None:
        if self.caught_up and self.cable is not None and not self.cable.stalled:
            self._carry_out(self.state.tick(self.now))
        self.world.loop.call_later(TICK_SECONDS, self._tick)

    def _take(self, frame: Frame) -> None:
        history, reader = self.world.history, self.reader
        applied = list(reader.take(frame))
        if "seq" in frame and frame not in applied:
            history.hear(reader.uid, frame, self._since, self.now, applied=False)
        for event in applied:
            history.hear(reader.uid, event, self._since, self.now, applied=True)

    def _answered(self, frame: Frame) -> None:
        key = frame["id"]
        if key in self.world.history.said:
            place = Place(frame["conversation"], frame["seq"], frame["ordinal"])
            if self.world.head(place.log) < place.seq:
                raise Broken(f"{key} was acknowledged at {place} before it was committed")
            self.world.history.acknowledge(key, place, self.now)
            self.undecided.pop(key, None)
        elif change := self.changing.pop(key, None):
            change.seq, change.told = frame["seq"], self.now
        elif kind := self.asked.pop(key, ""):
            self.world.counted[kind] += 1
        elif key is not None and str(key).startswith("conflict"):
            raise Broken(f"{self.name}: {frame} for a key that was used for something else")

    def _refused(self, frame: Frame) -> None:
        key, code = frame.get("id"), frame["code"]
        if key in self.undecided:
            if code in REPEATED:
                self.world.history.said[key].doubt = True
                self.world.loop.call_later(AGAIN_SECONDS, self._repeat, key)
            else:
                del self.undecided[key]
                self.world.history.said[key].refused = code
        elif change := self.changing.pop(key, None) if isinstance(key, str) else None:
            change.refused = code not in REPEATED
        elif kind := self.asked.pop(key, "") if isinstance(key, str) else "":
            if code == "bad_request" and kind not in MAY_BE_WRONG:
                raise Broken(f"{self.name}: {kind} was not understood: {frame['message']}")
        elif (said := self.world.history.said.get(key)) and said.place is not None and code not in REPEATED:
            raise Broken(f"{self.name}: {key} was acknowledged, and repeating it is refused as {code}")

    def _repeat(self, key: str) -> None:
        if key in self.undecided:
            self._say(self.undecided[key])

    def _heads(self, frame: Frame) -> None:
        """A pong never has a head above that of the store."""
        for log, head in frame["heads"].items():
            name = f"@me:{self.reader.uid}" if log == "@me" else log
            if head > self.world.head(name):
                raise Broken(f"{self.name}: a pong tells of {log} {head}, which is at {self.world.head(name)}")

    @property
    def missing(self) -> str:
        """What the client still waits for, as text; "" if nothing."""
        if self.cable is None or not self.caught_up:
            return f"{self.name} is not back"
        if self.undecided or self.changing:
            return f"{self.name} waits for {[*self.undecided, *self.changing]}"
        heads = self.world.heads_of(self.reader.uid)
        if self.reader.cursors != heads:
            return f"{self.name} is at {self.reader.cursors}, and should be at {heads}"
        return "" if self.state.cursors == heads else f"{self.name}'s SDK is at {self.state.cursors}, not at {heads}"

    def differences(self, start: Sequence[ConversationState]) -> Iterator[str]:
        """Differences between the SDK's state and a fresh start."""
        for fresh in start:
            mine = self.state.conversations[fresh.conversation]
            for name in type(fresh).model_fields:
                if getattr(mine, name) != getattr(fresh, name) and (fresh.kind, name) != ("lobby", "member_count"):
                    yield (
                        f"{self.name}: {name} of {fresh.conversation} is {getattr(mine, name)!r} for the SDK, "
                        f"and {getattr(fresh, name)!r} for who comes now"
                    )
