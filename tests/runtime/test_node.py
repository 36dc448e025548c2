"""How the parts of a node are wired together."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from suhbat.bus.memory import MemoryBus
from suhbat.chat.ports import Bus
from suhbat.config import Settings
from suhbat.hub.connection import Connection, FrameFormat
from suhbat.identity.control import Control
from suhbat.protocol.logged_events import LoggedEvent
from suhbat.runtime.handlers import EventHandlers
from suhbat.runtime.node import Node
from suhbat.store.sqlite.store import SQLiteStore
from tests.fakes import FakeClock
from tests.hub.parts import RecordingWire
from tests.services import FakeHealth
from tests.store.parts import ALI, Listener


class BrokenBus(MemoryBus):
    """A bus whose `publish` raises, which no real bus does."""

    def publish(self, entries: list[LoggedEvent]) -> None:
        raise RuntimeError("on purpose")


async def test_own_connections_come_before_the_bus(tmp_path: Path) -> None:
    """If publishing a batch to the other nodes fails, the connections of this node have it all the same."""
    clock, settings = FakeClock(), Settings()
    store = SQLiteStore(tmp_path / "data", clock=clock)
    node = Node(settings, store, cast(Bus, BrokenBus()), clock, FakeHealth(), Control(settings.data), EventHandlers())
    async with node.running():
        wire = RecordingWire()
        reader = Connection(wire, FrameFormat.V1, ALI, "en")
        node.hub.add(reader)
        node.hub.start_live(reader)
        await Listener().send(store, ALI)
        node.hub.flush()
        assert wire.seqs() == [1]
