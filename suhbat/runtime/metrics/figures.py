"""The figures of this process. Read from where they are anyway: on the way of a message nothing is paid but additions."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from suhbat import __version__
from suhbat.chat.ports import StoreHealth
from suhbat.counting import DIALECTS, Histogram
from suhbat.runtime.node import Node

PATIENCE_SECONDS = 2.0
"""For the store to answer; Prometheus waits 10 s for everything."""


class Reachable:
    """Whether the store answers, as of the last `look`."""

    def __init__(self, store: StoreHealth) -> None:
        self._store = store
        self.up = False

    async def look(self) -> None:
        """Never raises."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._store.ready()
            self.up = True
        except Exception:
            self.up = False


class _Figures(Collector):
    def __init__(self, node: Node, reachable: Reachable, is_draining: Callable[[], bool]) -> None:
        hub, presence, store, bus = node.hub, node.presence, node.store, node.bus
        self._node = node
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {
            "suhbat_connections": ("Open WebSocket connections.", lambda: presence.total),
            "suhbat_users": (
                "Users who are here, however many connections they have, on all nodes.",
                lambda: presence.users,
            ),
            "suhbat_channels": ("Channels: logs that somebody here listens to.", lambda: len(hub.channels.by_log)),
            "suhbat_connections_behind": (
                "Connections that are fed from the log because they do not read fast enough, or have just come.",
                lambda: sum(not connection.live for connection in hub.connections),
            ),
            "suhbat_connections_unsent_bytes": (
                "Bytes that connections have not taken yet.",
                lambda: sum(connection.wire.unsent() for connection in hub.connections),
            ),
            "suhbat_tasks": ("asyncio tasks of this process.", _tasks),
            "suhbat_writer_waiting": ("Messages that wait to be written.", lambda: store.waiting),
            "suhbat_writer_failed": ("1: nothing is written any more, restart it.", lambda: store.has_failed),
            "suhbat_reads_waiting": ("Reads of the store that wait for a thread.", lambda: store.reading),
            "suhbat_database_up": ("1: the store answers and is of this version.", lambda: reachable.up),
            "suhbat_bus_connected": ("1: the other nodes hear this one, or there is no bus.", lambda: bus.connected),
            "suhbat_bus_waiting": ("Messages that wait for the bus.", lambda: bus.waiting),
            "suhbat_data_free_bytes": ("Free where the data lies.", lambda: _free(node.settings.data)),
            "suhbat_draining": ("1: it is about to stop and takes nobody new.", is_draining),
        }
        self._counters: dict[str, tuple[str, Callable[[], float]]] = {
            "suhbat_events_applied": ("Durable events that reached the hub.", lambda: hub.applied),
            "suhbat_bus_dropped": ("What was lost on the way to the bus; found in the store.", lambda: bus.dropped),
        }
        self._histograms: dict[str, tuple[str, Histogram]] = {
            "suhbat_commit_seconds": ("One transaction of the writer, flushed.", store.counts.commits),
            "suhbat_batch_items": ("Writes of one transaction.", store.counts.batches),
            "suhbat_read_seconds": ("One turn of a reader: up to 16 reads.", store.counts.reads),
        }

    def collect(self) -> Iterator[Metric]:
        for name, (text, read) in self._gauges.items():
            yield GaugeMetricFamily(name, text, value=float(read()))
        for name, (text, read) in self._counters.items():
            yield CounterMetricFamily(name, text, value=float(read()))
        for name, (text, histogram) in self._histograms.items():
            yield HistogramMetricFamily(name, text, buckets=histogram.buckets(), sum_value=histogram.total)
        yield from self._by_label()

    def _by_label(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("suhbat_info", "1, with what runs.", labels=("version",))
        info.add_metric((__version__,), 1)
        yield info
        by_dialect = [0] * len(DIALECTS)
        for connection in self._node.hub.connections:
            by_dialect[connection.format] += 1
        connections = GaugeMetricFamily(
            "suhbat_connections_by_dialect", "Connections that have said who they are.", labels=("dialect",)
        )
        sends = CounterMetricFamily("suhbat_sends", "Messages that were acknowledged.", labels=("dialect",))
        sent = CounterMetricFamily("suhbat_fan_out_bytes", "Written to live connections.", labels=("dialect",))
        frames = CounterMetricFamily("suhbat_fan_out_frames", "Written to live connections.", labels=("dialect",))
        for number, dialect in enumerate(DIALECTS):
            connections.add_metric((dialect,), by_dialect[number])
            sent.add_metric((dialect,), self._node.hub.channels.fan_out.bytes[number])
            frames.add_metric((dialect,), self._node.hub.channels.fan_out.frames[number])
        for dialect, count in self._node.services.counts.sends.items():
            sends.add_metric((dialect,), count)
        refusals = CounterMetricFamily("suhbat_refusals", "Errors that were told.", labels=("over", "code"))
        for (over, code), count in self._node.services.counts.refusals.items():
            refusals.add_metric((over, code), count)
        yield from (connections, sends, sent, frames, refusals)


def _tasks() -> int:
    """A figure that grows while connections do not is a leak. 0 where no loop runs."""
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0


def _free(data: Path) -> int:
    """0 where it cannot be told: whoever watches this wants to know."""
    place = data.absolute()
    try:
        return shutil.disk_usage(next(one for one in (place, *place.parents) if one.exists())).free
    except OSError:
        return 0


def measure(
    registry: CollectorRegistry, node: Node, reachable: Reachable, is_draining: Callable[[], bool] = lambda: False
) -> None:
    """Let `registry` show the figures of this process; on Linux also those that every program has."""
    registry.register(_Figures(node, reachable, is_draining))
    ProcessCollector(registry=registry)
