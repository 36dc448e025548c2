"""A node, wired as in the program, in a process that can die, with simulated surroundings."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from suhbat.config import Settings
from suhbat.files.threads import FileThreads
from suhbat.hub import channel, channels
from suhbat.identity.control import Control
from suhbat.runtime import files
from suhbat.runtime.handlers import EventHandlers
from suhbat.runtime.node import Node
from suhbat.transport import queue_wire
from suhbat.transport.admission import V1_PATH, Admission
from suhbat.transport.asgi import WebSockets
from tests.services import FakeHealth

from .disk import Disk, SimulatedStore
from .loop import Process, bury
from .network import NOBODY, Cable, SimulatedBus

if TYPE_CHECKING:
    from .world import World

P = ParamSpec("P")
T = TypeVar("T")
SETTINGS = Settings(
    data=Path(tempfile.gettempdir()) / "suhbat-simulation",  # nobody uploads, so it is never made
    send_rate=0,
    address_rate=0,
    room_rate=0,
    connections_per_address=0,
    announce_limit=50,
    log_level="error",
)
EPOCH_MS = 1_795_000_000_000
SCOPE = {"type": "websocket", "query_string": b"", "headers": (), "client": ("127.0.0.1", 1)}


class NoThreads(FileThreads):
    """Runs what a thread would, at once: a real thread takes real time, which the simulated loop does not wait for."""

    async def run(self, function: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
        return function(*arguments, **keywords)


def surround() -> None:
    """Give the nodes of this process their simulated surroundings, for good: only a process that does nothing else calls it."""
    # Bytes, instead of 64 KB. A reader that stops reading is soon congested, and the server then feeds it from the log.
    queue_wire.HIGH_WATER, queue_wire.LOW_WATER = 2_000, 500
    # So that every event to more than one reader goes out in parts.
    channel.AT_ONCE = channels.AT_ONCE = 1
    files.FileThreads = NoThreads


class SkewedClock:
    """Implements chat.ports.Clock. The wall clock can be set to anything, and differs from node to node."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.skew = 0.0
        self._loop = loop

    def wall(self) -> int:
        return int(EPOCH_MS + (self._loop.time() + self.skew) * 1000)

    def steady(self) -> float:
        return self._loop.time()


class SimulatedNode:
    """Restarts by itself after it has died."""

    def __init__(self, world: World, name: str, disk: Disk) -> None:
        self.name = name
        self.world = world
        self.disk = disk
        self.chance: random.Random = world.chance
        self.clock = SkewedClock(world.loop)
        self.process = Process(name)
        self.process.dead = True
        self.bus = SimulatedBus(world.ether, self.process)
        self.node: Node | None = None
        self._stopping: asyncio.Event | None = None
        self._cables: list[Cable] = []
        self._graves: list[Process] = []

    @property
    def up(self) -> bool:
        return self.node is not None and not self.process.dead

    def start(self) -> None:
        """Start a new process."""
        if not self.process.dead:
            return
        self.process = Process(self.name)
        self.process.died = self._died
        self.process.start(self._live(self.process))

    async def _live(self, process: Process) -> None:
        self.world.ether.leave(self.bus)
        self.bus = SimulatedBus(self.world.ether, process)
        store = SimulatedStore(self.disk, self.clock, self.chance)
        node = Node(SETTINGS, store, self.bus, self.clock, FakeHealth(), Control(SETTINGS.data), EventHandlers())
        self._stopping = asyncio.Event()
        try:
            async with node.running():
                if not process.dead:  # it may have died in this step, whose rest runs
                    self._admission = Admission(lambda: node.services)
                    self.node = node
                await self._stopping.wait()
                self.node = None
        except Exception as error:
            self.world.troubled(f"{self.name} did not start", error)
        process.kill()

    def stop(self) -> None:
        """Stop it as SIGTERM does."""
        if self.up and self._stopping is not None:
            self.process.call(self._stopping.set)

    def kill(self, steps: int = 0) -> None:
        """Kill it now, or after this many steps."""
        if self.process.dead:
            return
        if steps:
            self.process.fuse = steps
        else:
            self.process.kill()

    def _died(self) -> None:
        self.node = None
        self._graves.append(self.process)
        cables, self._cables = self._cables, []

        def noticed() -> None:
            for cable in cables:
                cable.cut()
            self.world.loop.call_later(self.chance.random(), self.start)

        NOBODY.run(self.world.loop.call_soon, noticed)

    def accept(self, heard: Callable[[str | None], None], path: str = V1_PATH) -> Cable:
        """Open a new connection to it."""

        cable = Cable(self.process, self.chance, heard)
        self._cables.append(cable)
        sockets = WebSockets(self._admission)
        self.process.start(sockets({**SCOPE, "path": path}, cable.receive, cable.send))
        return cable

    def bury(self) -> None:
        self.process.kill()
        for process in [*self._graves, self.process]:
            bury(process)
