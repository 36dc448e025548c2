"""The adapters of a node that the settings choose: its store, its bus and the system clock."""

from __future__ import annotations

import time

from suhbat.bus.memory import MemoryBus
from suhbat.chat.bounds import Bounds
from suhbat.chat.ports import Bus, Clock, Store
from suhbat.config import Settings
from suhbat.store.sqlite.store import SQLiteStore


class SystemClock:
    """Implements `chat.ports.Clock`."""

    def wall(self) -> int:
        return time.time_ns() // 1_000_000

    def steady(self) -> float:
        return time.monotonic()


def make_store(settings: Settings, clock: Clock) -> Store:
    """Make the store: PostgreSQL with `database_url`, otherwise a SQLite file. It is not open yet."""
    bounds = Bounds(
        conversations=settings.conversations_per_person,
        rooms=settings.rooms_per_day,
        directs=settings.directs_per_day,
        team=settings.access != "open",
    )
    history = settings.lobby_history
    if settings.database_url is None:
        return SQLiteStore(settings.data, lobby_history=history, clock=clock, bounds=bounds)
    # Imported only if needed, like the bus, because both make a start slower.
    from suhbat.store.postgres.store import PostgresStore

    return PostgresStore(settings.database_url, lobby_history=history, clock=clock, bounds=bounds)


def make_bus(settings: Settings) -> Bus:
    """Make the bus: NATS with `bus_url`, otherwise one within this process. It is not open yet."""
    if settings.bus_url is None:
        return MemoryBus()
    from suhbat.bus.nats import NatsBus

    return NatsBus(settings.bus_url)
