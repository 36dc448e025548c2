"""The figures of several workers, whichever of them is asked.

Each writes its own into a file every few seconds, and who is asked reads those of the others: a worker that hangs or ends
keeps nobody waiting. Every figure has a label `worker`. They are not added up here: after the restart of one the sum would
fall by what that had counted, which Prometheus would take for a restart of all.
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

FIGURES_SECONDS = 5.0
"""How often a worker writes."""
STALE_SECONDS = 3 * FIGURES_SECONDS
"""A worker that has not written for so long does not answer, or has ended."""


def directory(data: Path) -> Path:
    """Where the workers on a data directory write."""
    return data / "workers"


def begin(data: Path) -> None:
    """Nothing is left of workers that were there before. The data directory must be there. Raises OSError."""
    place = directory(data)
    place.mkdir(mode=0o700, exist_ok=True)
    for path in place.glob("*.json*"):
        path.unlink(missing_ok=True)


class Together(Collector):
    """A collector of this worker's figures, those of its `own` registry, and of what the others wrote last."""

    def __init__(self, own: CollectorRegistry, data: Path, number: int) -> None:
        self._own = own
        self._place = directory(data)
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
        """Leave this worker's figures for the others. Raises OSError."""
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
        path = self._place / f"{self._number}.json"
        part = path.with_suffix(".json.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)

    def _others(self) -> Iterator[tuple[int, Iterable[Metric]]]:
        for path in sorted(self._place.glob("*.json")):
            # It may be replaced or taken away while we look, and what cannot be read is as if it were not there.
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
