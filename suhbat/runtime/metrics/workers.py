"""The metrics of all workers on a data directory, from whichever worker Prometheus reaches.

Each worker writes its metrics into a file every WRITE_SECONDS, and the worker that is asked reads the files of the others,
so that one that hangs delays nobody. Every sample has a label `worker`. They are not added up: after the restart of one
worker the sum would fall, which Prometheus would take for a restart of all.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client.core import Metric
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.samples import Sample

WRITE_SECONDS = 5.0
"""How often a worker writes its metrics."""
STALE_SECONDS = 3 * WRITE_SECONDS
"""A file older than this is ignored: its worker hangs or has ended."""


def directory(data: Path) -> Path:
    """Where the workers write their files."""
    return data / "workers"


def begin(data: Path) -> None:
    """Remove the files of earlier workers. The data directory must exist. Raises OSError."""
    folder = directory(data)
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in folder.glob("*.json*"):
        path.unlink(missing_ok=True)


class AllWorkersCollector(Collector):
    """Collects the metrics of this worker, from its `own` registry, and those that the other workers wrote last."""

    def __init__(self, own: CollectorRegistry, data: Path, number: int) -> None:
        self._own = own
        self._folder = directory(data)
        self._number = number

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for number, metrics in ((self._number, list(self._own.collect())), *self._others()):
            for metric in metrics:
                family = families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                family.samples += [
                    Sample(sample.name, {**sample.labels, "worker": str(number)}, sample.value)
                    for sample in metric.samples
                ]
        yield from families.values()

    def write(self) -> None:
        """Write this worker's metrics for the others. Raises OSError."""
        text = json.dumps(
            [
                [
                    metric.name,
                    metric.documentation,
                    metric.type,
                    [[one.name, one.labels, one.value] for one in metric.samples],
                ]
                for metric in self._own.collect()
            ]
        )
        path = self._folder / f"{self._number}.json"
        part = path.with_suffix(".json.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)

    def _others(self) -> Iterator[tuple[int, Iterable[Metric]]]:
        for path in sorted(self._folder.glob("*.json")):
            # A file may be replaced or removed at any moment; one that cannot be read is skipped.
            with suppress(OSError, ValueError, TypeError):
                if path.stem != str(self._number) and time.time() - path.stat().st_mtime < STALE_SECONDS:
                    yield int(path.stem), _read(path.read_text(encoding="utf-8"))


def _read(text: str) -> list[Metric]:
    found = []
    for name, documentation, kind, samples in json.loads(text):
        metric = Metric(name, documentation, kind)
        metric.samples = [Sample(*sample) for sample in samples]
        found.append(metric)
    return found
