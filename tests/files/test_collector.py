"""What nobody needs any more is removed, but not while a backup copies it; nodes with another directory take no files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import pytest

from suhbat.chat.model import Removal
from suhbat.chat.ports import FileRecords
from suhbat.errors import StorageUnavailable
from suhbat.files.collector import Collector
from suhbat.files.local import LocalFileStore
from suhbat.files.shared_place import SharedPlace
from suhbat.files.store import StoreUnreachable, new_key
from suhbat.files.stores import FileStores
from suhbat.files.threads import FileThreads
from tests.fakes import FakeClock

from .test_stores import uploaded


class Records:
    """The queue of removals, on a list."""

    def __init__(self, *keys: str) -> None:
        self.waiting = [Removal(number, "local", key) for number, key in enumerate(keys)]
        self.postponed: list[int] = []
        self.place = ""

    async def expire_files(self, before: int, at: int) -> int:
        return 0

    async def removals(self, at: int) -> list[Removal]:
        return [one for one in self.waiting if one.id not in self.postponed]

    async def finish_removals(self, ids: list[int]) -> None:
        self.waiting = [one for one in self.waiting if one.id not in ids]

    async def postpone_removals(self, ids: list[int], due: int) -> None:
        self.postponed += ids

    async def file_place(self, proposed: str) -> str:
        self.place = self.place or proposed
        return self.place


def collector(records: Records, place: Path) -> tuple[Collector, FakeClock, LocalFileStore]:
    clock, store = FakeClock(), LocalFileStore(place)
    made = Collector(cast(FileRecords, records), FileStores(store), clock, FileThreads(1))
    return made, clock, store


async def test_removal(tmp_path: Path) -> None:
    """Bytes go and their entries are done; others stay, and one that cannot be removed is tried again later."""
    store = LocalFileStore(tmp_path)
    gone, kept = uploaded(store, b"a"), uploaded(store, b"b")
    records = Records(gone, new_key(), "no key")
    made, _, _ = collector(records, tmp_path)
    await made.run()
    assert list(store.keys()) == [kept]
    assert [one.key for one in records.waiting] == ["no key"] and records.postponed == [2]


async def test_a_backup_is_waited_for(tmp_path: Path) -> None:
    """Nothing is removed while the file `hold` is there; an old one was forgotten and does not count."""
    store = LocalFileStore(tmp_path)
    key = uploaded(store, b"a")
    made, clock, _ = collector(Records(key), tmp_path)
    hold = tmp_path / "hold"
    hold.touch()
    os.utime(hold, (clock.now, clock.now))
    await made.run()
    assert list(store.keys()) == [key]
    clock.advance(24 * 3600)
    await made.run()
    assert list(store.keys()) == []


async def test_nodes_share_a_directory(tmp_path: Path) -> None:
    """The first node marks its directory; a node with the same one agrees, a node with another one takes no files."""
    records: Any = Records()
    first, same, other = (SharedPlace(records, tmp_path / name, FileThreads(1)) for name in ("one", "one", "other"))
    await first.require()
    await same.require()
    with pytest.raises(StorageUnavailable):
        await other.require()
    moved: Any = Records()  # a new database over the same directory
    await SharedPlace(moved, tmp_path / "one", FileThreads(1)).require()
    assert moved.place == records.place


class Failing(LocalFileStore):
    """A store that does not answer."""

    asked = 0

    def remove(self, key: str) -> None:
        self.asked += 1
        raise StoreUnreachable("no answer")


async def test_a_store_that_does_not_answer(tmp_path: Path) -> None:
    """It is asked once, not for each removal: every attempt may take a minute. All are tried again later."""
    records, clock, store = Records(*(new_key() for _ in range(5))), FakeClock(), Failing(tmp_path)
    await Collector(cast(FileRecords, records), FileStores(store), clock, FileThreads(1)).run()
    assert store.asked == 1 and records.postponed == [0, 1, 2, 3, 4]


async def test_unfinished_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked for once an hour, and must be a day old."""
    made, clock, _ = collector(Records(), tmp_path)
    asked: list[int] = []
    monkeypatch.setattr(LocalFileStore, "remove_unfinished", lambda self, before: asked.append(before))
    for _ in range(3):
        await made.run()
    assert asked == [clock.wall() - 86_400_000]
    clock.advance(3601)
    await made.run()
    assert len(asked) == 2
