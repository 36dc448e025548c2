"""Failpoints: named places in the running program where it dies as by kill -9, at the n-th time it gets there.

Each is a patch from outside. The program itself contains nothing of this.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

FAILPOINTS: dict[str, Callable[[Callable[[], None]], None]] = {}
"""By name: a function that patches the program to call the given function at that place."""


def failpoint(act: Callable[[Callable[[], None]], None]) -> Callable[[Callable[[], None]], None]:
    FAILPOINTS[act.__name__] = act
    return act


@failpoint
def before_commit(passed: Callable[[], None]) -> None:
    """A batch is written, but not committed yet."""
    from suhbat.store.write.committer import Committer

    _after(Committer, "_execute", passed)


@failpoint
def after_commit(passed: Callable[[], None]) -> None:
    """A batch is durable, but nobody has been told."""
    from suhbat.store.write.committer import Committer

    _after(Committer, "_attempt", passed)


@failpoint
def before_acknowledgement(passed: Callable[[], None]) -> None:
    """The readers were sent the event (as far as the system accepted it), the writer not yet the reply."""
    from suhbat.store.write.writer import Writer

    _before(Writer, "_answer", passed)


@failpoint
def in_fan_out(passed: Callable[[], None]) -> None:
    """Only some of the readers of a room were sent the event."""
    from suhbat.transport.stream_wire import StreamWire

    _before(StreamWire, "write", passed)


@failpoint
def in_replay(passed: Callable[[], None]) -> None:
    """A client is receiving the events it missed."""
    from suhbat.hub.page_cache import PageCache

    _before(PageCache, "above", passed)


@failpoint
def when_refused(passed: Callable[[], None]) -> None:
    """A batch could not be written because the disk failed, and nothing has been written over its remains."""
    from suhbat.store.write import committer

    _before(committer, "refuse_all", passed)


# Failpoints of files


@failpoint
def after_file_flush(passed: Callable[[], None]) -> None:
    """Bytes of an upload are on the disk, but not acknowledged, neither in the database nor to the client."""
    from suhbat.files import local

    _after(local._LocalUpload, "flush", passed)


@failpoint
def before_file_answer(passed: Callable[[], None]) -> None:
    """An offset is in the database, and the client has not been told."""
    from suhbat.store.write import files

    _after(files, "advance", passed)


@failpoint
def files_attached(passed: Callable[[], None]) -> None:
    """A transaction says which message shows a file, and is not committed yet."""
    from suhbat.store.write.file_posts import FilePosts

    _after(FilePosts, "flush", passed)


@failpoint
def before_kept(passed: Callable[[], None]) -> None:
    """A file was looked at, and what was made of it is in the working directory only."""
    from suhbat.files.processing import Processing

    _before(Processing, "_keep", passed)


@failpoint
def after_kept(passed: Callable[[], None]) -> None:
    """What was made of a file is stored, and no record says so yet."""
    from suhbat.files.processing import Processing

    _after(Processing, "_keep", passed)


@failpoint
def in_removal(passed: Callable[[], None]) -> None:
    """The bytes of a deleted file are removed, and the record of that is not."""
    from suhbat.files.local import LocalFileStore

    _after(LocalFileStore, "remove", passed)


FILE_POINTS = ("after_file_flush", "before_file_answer", "files_attached", "before_kept", "after_kept", "in_removal")
"""Those that need uploads."""


def arm(name: str, times: int) -> None:
    """Die when the program reaches this place for the n-th time."""
    left = [times]

    def passed() -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    FAILPOINTS[name](passed)


def _before(owner: Any, name: str, passed: Callable[[], None]) -> None:
    whole = getattr(owner, name)

    def patched(*arguments: Any, **named: Any) -> Any:
        passed()
        return whole(*arguments, **named)

    setattr(owner, name, patched)


def _after(owner: Any, name: str, passed: Callable[[], None]) -> None:
    whole = getattr(owner, name)

    def patched(*arguments: Any, **named: Any) -> Any:
        result = whole(*arguments, **named)
        passed()
        return result

    setattr(owner, name, patched)


def clock_jumps() -> None:
    """The wall clock of this process is set to another time twice a second, by up to six hours in either direction."""
    import random
    import time

    from suhbat.runtime.adapters import SystemClock

    began = time.monotonic()

    def wall(self: SystemClock) -> int:
        jump = random.Random(int((time.monotonic() - began) * 2)).uniform(-6, 6)
        return time.time_ns() // 1_000_000 + int(jump * 3_600_000)

    SystemClock.wall = wall


def eager_index() -> None:
    """The index of the search is written after each batch, so that its transactions are between all others."""
    from suhbat.store.write import index_schedule

    index_schedule.IDLE_SECONDS = index_schedule.LATE_SECONDS = 0.0


def eager_files() -> None:
    """Files are looked after all the time instead of once a minute, and other nodes take over after a second."""
    from suhbat.files.processing import Processing
    from suhbat.runtime import node

    node.MAINTENANCE_SECONDS = 0.3
    Processing.take_over.__defaults__ = (1_000,)


def nothing_loose() -> None:
    """Files in no message expire at once."""
    from suhbat.files import collector

    collector.KEPT_LOOSE = 0


ALTERED = {act.__name__: act for act in (clock_jumps, eager_index, eager_files, nothing_loose)}
"""Conditions that are no fault of the server, by name."""
