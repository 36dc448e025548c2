"""What the server counts about itself, for Prometheus. Read from where it is anyway: nothing is paid per message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from suhbat.chat.presence import Here
from suhbat.hub.hub import Hub


class _Figures(Collector):
    def __init__(self, hub: Hub, here: Here) -> None:
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {
            "suhbat_connections": ("Open WebSocket connections.", lambda: here.total),
            "suhbat_users": ("Users who are here, however many connections they have.", lambda: here.users),
            "suhbat_rooms": ("Logs that somebody here listens to.", lambda: len(hub.rooms)),
            "suhbat_connections_behind": (
                "Connections that are fed from the log because they do not read fast enough, or have just come.",
                lambda: sum(not connection.live for connection in hub.connections),
            ),
            "suhbat_tasks": ("asyncio tasks of this process.", _tasks),
        }
        self._counters: dict[str, tuple[str, Callable[[], float]]] = {
            "suhbat_events_applied": ("Durable events that reached the hub.", lambda: hub.applied),
        }

    def collect(self) -> Iterator[Metric]:
        for name, (text, read) in self._gauges.items():
            yield GaugeMetricFamily(name, text, value=read())
        for name, (text, read) in self._counters.items():
            yield CounterMetricFamily(name, text, value=read())


def _tasks() -> int:
    """A figure that grows while connections do not is a leak. 0 where no loop runs."""
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0


def measure(registry: CollectorRegistry, hub: Hub, here: Here) -> None:
    """Let `registry` show the figures of this process."""
    registry.register(_Figures(hub, here))
