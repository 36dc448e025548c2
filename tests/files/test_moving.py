"""Moving bytes from one store to the other: they are compared before anything is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from suhbat.chat.files import moved_key
from suhbat.chat.model import StoredBytes
from suhbat.chat.ports import FileRecords
from suhbat.files.local import LocalFileStore
from suhbat.files.moving import Damaged, Move
from suhbat.files.store import new_key
from suhbat.files.threads import FileThreads
from tests.fakes import FakeClock


class Records:
    """Files that are ready, on a list."""

    def __init__(self) -> None:
        self.there: list[StoredBytes] = []
        self.due: list[int] = []

    async def complete_bytes(self, backend: str, above: str) -> list[StoredBytes]:
        found = [one for one in self.there if one.backend == backend and one.key > above]
        return sorted(found, key=lambda one: one.key)[:2]

    async def bytes_moved(self, bytes_: StoredBytes, backend: str, key: str, at: int) -> bool:
        self.there.remove(bytes_)
        self.there.append(StoredBytes(backend, key, bytes_.size, bytes_.thumbnails))
        self.due.append(at)
        return True


class Far(LocalFileStore):
    """A store somewhere else."""

    backend: Any = "s3"


class House:
    def __init__(self, place: Path) -> None:
        self.records, self.clock, self.place = Records(), FakeClock(), place
        self.near, self.far = LocalFileStore(place / "near"), Far(place / "far")
        for number in range(5):
            key = new_key()
            for part in ("", "360"):
                made = place / "made"
                made.write_bytes(f"{number} {part}".encode())
                self.near.adopt(key, made, part)
            self.records.there.append(StoredBytes("local", key, 2, "360"))

    async def move(self) -> list[str]:
        """The keys that were missing."""
        records, work = cast(FileRecords, self.records), self.place / "work"
        move = Move(records, self.near, self.far, work, self.clock, FileThreads(1), 600_000)
        return [moved.key async for moved in move.run() if moved.is_missing]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_everything(house: House) -> None:
    """All bytes with their parts are in the other store, under new keys. The old ones are still there, and go later."""
    before = {one.key: one for one in house.records.there}
    assert await house.move() == []
    assert {one.key for one in house.records.there} == {moved_key(key) for key in before}
    for key in before:
        for part in ("", "360"):
            with house.near.open(key, part) as old, house.far.open(moved_key(key), part) as new:
                assert old.read() == new.read()
    assert house.records.due == [house.clock.wall() + 600_000] * 5


async def test_a_copy_that_is_not_the_same(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is recorded, so nothing old is removed."""

    def adopt(key: str, path: Path, part: str = "") -> None:
        path.write_bytes(path.read_bytes()[:-1] + b"!")
        LocalFileStore.adopt(house.far, key, path, part)

    monkeypatch.setattr(house.far, "adopt", adopt)
    with pytest.raises(Damaged):
        await house.move()
    assert {one.backend for one in house.records.there} == {"local"}


async def test_bytes_that_are_missing(house: House) -> None:
    """They are named, nothing about them is changed, and the others are moved."""
    gone, short, small = sorted(one.key for one in house.records.there)[:3]
    house.near.remove(gone)
    (house.place / "near" / short[:2] / short).write_bytes(b"x")
    (house.place / "near" / small[:2] / f"{small}.360").unlink()
    assert await house.move() == [gone, short, small]
    assert {one.key for one in house.records.there if one.backend == "local"} == {gone, short, small}


async def test_an_interrupted_move(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs it again finds what was copied, whatever was recorded of it, and leaves nothing behind."""
    moved = house.records.bytes_moved
    calls = 0

    async def dying(*arguments: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return await moved(*arguments)

    monkeypatch.setattr(house.records, "bytes_moved", dying)
    with pytest.raises(KeyboardInterrupt):
        await house.move()
    assert await house.move() == []
    assert sorted(house.far.keys()) == sorted(one.key for one in house.records.there)
