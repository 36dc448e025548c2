"""Passes messages from the bus to the hub, the presence and the caches of this node."""

from __future__ import annotations

from collections.abc import Sequence

from suhbat.chat.model import Change
from suhbat.chat.ports import GrowthPart
from suhbat.hub.hub import Hub
from suhbat.hub.reconciliation import Reconciliation
from suhbat.protocol.logged_events import LoggedEvent

from .invalidation import CacheInvalidation
from .membership import HeartbeatSignal


class NodeBusListener:
    """Implements `chat.ports.BusListener`."""

    def __init__(
        self, hub: Hub, invalidation: CacheInvalidation, signal: HeartbeatSignal, reconciliation: Reconciliation
    ) -> None:
        self._hub = hub
        self._invalidation = invalidation
        self._signal = signal
        self._reconciliation = reconciliation

    def published(self, entries: list[LoggedEvent]) -> None:
        self._hub.apply(entries)

    def noticed(self, log: str, payload: bytes, but: str | None) -> None:
        self._hub.notices.deliver(log, payload, but)

    def grew(self, log: str, parts: Sequence[GrowthPart]) -> None:
        self._hub.growing.grew(log, parts)

    def growth_asked(self, log: str, seq: int) -> None:
        self._hub.growing.asked(log, seq)

    def changed(self, changes: list[Change]) -> None:
        self._invalidation.invalidate(changes)

    def nudged(self) -> None:
        self._signal.presence_changed()

    def resumed(self) -> None:
        self._reconciliation.compare_soon()
