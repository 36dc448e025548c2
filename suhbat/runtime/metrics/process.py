"""The metrics of this process. They are read when Prometheus asks; while a message is handled only counters are increased."""

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
from suhbat.mail.dispatcher import RESULTS
from suhbat.runtime.mail import NodeMail
from suhbat.runtime.node import Node

from .programs import of_programs

PATIENCE_SECONDS = 2.0
"""How long the store has to answer. Prometheus waits 10 s for the whole response."""


class StoreProbe:
    """Whether the store answers: `up`, as of the last `check`."""

    def __init__(self, store: StoreHealth) -> None:
        self._store = store
        self.up = False

    async def check(self) -> None:
        """Ask the store. Never raises."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._store.ready()
            self.up = True
        except Exception:
            self.up = False


class _NodeCollector(Collector):
    def __init__(self, node: Node, probe: StoreProbe, is_draining: Callable[[], bool]) -> None:
        hub, presence, store, bus = node.hub, node.presence, node.store, node.bus
        self._node = node
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {
            "suhbat_connections": ("Open WebSocket connections.", lambda: presence.total),
            "suhbat_users": (
                "Users with at least one connection, on all nodes.",
                lambda: presence.users,
            ),
            "suhbat_channels": (
                "Channels: logs with at least one listener on this node.",
                lambda: len(hub.channels.by_log),
            ),
            "suhbat_connections_behind": (
                "Connections that read from the log because they are slow or have just opened.",
                lambda: sum(not connection.live for connection in hub.connections),
            ),
            "suhbat_connections_unsent_bytes": (
                "Bytes written to connections but not yet taken by them.",
                lambda: sum(connection.wire.unsent() for connection in hub.connections),
            ),
            "suhbat_tasks": ("asyncio tasks of this process.", _tasks),
            "suhbat_writer_waiting": ("Messages that wait for the writer.", lambda: store.waiting),
            "suhbat_writer_failed": (
                "1: the writer has failed and the server must be restarted.",
                lambda: store.has_failed,
            ),
            "suhbat_index_lag_seconds": (
                "Age of the oldest message that the index of the search does not have yet.",
                lambda: store.index_lag,
            ),
            "suhbat_reads_waiting": ("Reads of the store that wait for a thread.", lambda: store.reading),
            "suhbat_database_up": ("1: the store answers and its schema is of this version.", lambda: probe.up),
            "suhbat_bus_connected": ("1: the bus is connected, or none is configured.", lambda: bus.connected),
            "suhbat_bus_waiting": ("Messages that wait for the bus.", lambda: bus.waiting),
            "suhbat_data_free_bytes": (
                "Free bytes on the disk of the data directory.",
                lambda: _free(node.settings.data),
            ),
            "suhbat_uploads": ("Requests that upload a file now.", lambda: node.files.uploads.in_progress),
            "suhbat_push_lag_seconds": (
                "For how long the oldest push has been due.",
                lambda: node.pushes.pushing.lag,
            ),
            "suhbat_draining": ("1: this node is about to stop and accepts no new connections.", is_draining),
        }
        self._counters: dict[str, tuple[str, Callable[[], float]]] = {
            "suhbat_events_applied": ("Durable events that the hub applied.", lambda: hub.applied),
            "suhbat_uploaded_bytes": (
                "Bytes of uploads that were acknowledged.",
                lambda: node.files.uploads.acknowledged,
            ),
            "suhbat_downloads": ("Downloads of files and thumbnails.", lambda: node.files.downloads.opened),
            "suhbat_bus_dropped": (
                "Messages dropped before the bus; other nodes read their events from the store.",
                lambda: bus.dropped,
            ),
        }
        self._histograms: dict[str, tuple[str, Histogram]] = {
            "suhbat_commit_seconds": ("Time of a transaction of the writer, with its flush.", store.counts.commits),
            "suhbat_batch_items": ("Writes in a transaction.", store.counts.batches),
            "suhbat_read_seconds": ("Time of a turn of a reader: up to 16 reads.", store.counts.reads),
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
        info = GaugeMetricFamily("suhbat_info", "Always 1; the label is the version that runs.", labels=("version",))
        info.add_metric((__version__,), 1)
        yield info
        by_dialect = [0] * len(DIALECTS)
        for connection in self._node.hub.connections:
            by_dialect[connection.format] += 1
        connections = GaugeMetricFamily(
            "suhbat_connections_by_dialect", "Connections of identified users.", labels=("dialect",)
        )
        sends = CounterMetricFamily("suhbat_sends", "Acknowledged messages.", labels=("dialect",))
        sent = CounterMetricFamily("suhbat_fan_out_bytes", "Bytes written to live connections.", labels=("dialect",))
        frames = CounterMetricFamily(
            "suhbat_fan_out_frames", "Frames written to live connections.", labels=("dialect",)
        )
        for number, dialect in enumerate(DIALECTS):
            connections.add_metric((dialect,), by_dialect[number])
            sent.add_metric((dialect,), self._node.hub.channels.fan_out.bytes[number])
            frames.add_metric((dialect,), self._node.hub.channels.fan_out.frames[number])
        for dialect, count in self._node.services.counts.sends.items():
            sends.add_metric((dialect,), count)
        refusals = CounterMetricFamily("suhbat_refusals", "Errors sent to clients.", labels=("over", "code"))
        for (over, code), count in self._node.services.counts.refusals.items():
            refusals.add_metric((over, code), count)
        pushes = CounterMetricFamily("suhbat_pushes", "Pushes, by what became of them.", labels=("outcome",))
        for outcome, count in self._node.pushes.pushing.counts.counts.items():
            pushes.add_metric((outcome,), count)
        yield from (connections, sends, sent, frames, refusals, pushes)
        yield from _of_mail(self._node.mail)
        yield from of_programs(self._node)


def _of_mail(mail: NodeMail | None) -> Iterator[Metric]:
    """Without values if this server sends no mails."""
    mails = CounterMetricFamily("suhbat_mails", "Mails by what became of them.", labels=("result",))
    up = GaugeMetricFamily("suhbat_mail_server_up", "1: the mail server worked when it was last tried.")
    waiting = GaugeMetricFamily("suhbat_mails_waiting", "Mails in the queue, as of the last minute.")
    lag = GaugeMetricFamily("suhbat_mail_lag_seconds", "For how long the oldest of them has been due.")
    if mail is not None:
        for result in RESULTS:
            mails.add_metric((result,), mail.dispatcher.counts[result])
        up.add_metric((), not mail.dispatcher.is_failing)
        waiting.add_metric((), mail.backlog.waiting)
        lag.add_metric((), mail.lag)
    yield from (mails, up, waiting, lag)


def _tasks() -> int:
    """The number of tasks; 0 if no event loop runs. A number that grows while the number of connections does not is a leak."""
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0


def _free(data: Path) -> int:
    """Free bytes where the data directory is or will be; 0 if they are unknown, so that an alert on little space fires."""
    path = data.absolute()
    try:
        return shutil.disk_usage(next(part for part in (path, *path.parents) if part.exists())).free
    except OSError:
        return 0


def register(
    registry: CollectorRegistry, node: Node, probe: StoreProbe, is_draining: Callable[[], bool] = lambda: False
) -> None:
    """Add the metrics of this process to `registry`; on Linux also those of any process, such as its memory."""
    registry.register(_NodeCollector(node, probe, is_draining))
    ProcessCollector(registry=registry)
