"""The squares of pictures: what they are made from, where they are, and what is left when something fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from suhbat.chat.model import Actor, StoredFile
from suhbat.chat.ports import FileRecords
from suhbat.errors import BadRequest, FileNotReady, NotFound, StorageUnavailable
from suhbat.files.local import LocalFileStore
from suhbat.files.portraits import PLANNED, Portraits
from suhbat.files.stores import FileStores
from suhbat.files.threads import FileThreads
from tests.fakes import FakeClock, FakeFiles, FakePainter

ALI, VALI = Actor("u-ali", "ali", "account"), Actor("u-vali", "vali", "account")
KEY = "0" * 26


class Workshop:
    """Portraits over fakes, and over a real directory."""

    def __init__(self, place: Path) -> None:
        self.records, self.painter, self.clock = FakeFiles(), FakePainter(), FakeClock()
        self.store, self.work, self.place = LocalFileStore(place / "files"), place / "work", place
        self.threads = FileThreads(2)
        records = cast(FileRecords, self.records)
        stores = FileStores(self.store)
        self.portraits = Portraits(records, stores, self.painter, self.work, self.clock, self.threads)

    def image(self, **fields: Any) -> None:
        """The file f1 of Ali, with two thumbnails."""
        row: dict[str, Any] = {
            "id": "f1", "uid": ALI.uid, "name": "yuz.jpg", "claimed": "", "type": "image/jpeg", "kind": "image",
            "state": "ready", "length": 9, "received": 9, "size": 9, "backend": "local", "key": KEY,
            "thumbnails": "360 1440", "width": 9, "height": 9, "duration": None, "thumbhash": None, "waveform": None,
            "created_at": 0, "touched_at": 0,
        }  # fmt: skip
        self.records.files["f1"] = StoredFile(**(row | fields))
        for part in ("", "360", "1440"):
            path = self.place / "made"
            path.write_bytes(f"the image {part}".encode())
            self.store.adopt(KEY, path, part)


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    made = Workshop(tmp_path)
    made.image()
    yield made
    made.threads.close()


async def test_the_squares(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are drawn from the largest thumbnail, and their removal is planned before they are stored: the process may end at
    any moment. Nothing is left in the working directory."""
    seen: list[bytes] = []
    order: list[str] = []
    draw, adopt, plan = workshop.painter.portrait, workshop.store.adopt, workshop.records.plan_removal

    async def watched(source: Path, work: Path) -> Any:
        seen.append(source.read_bytes())
        return await draw(source, work)

    async def planned(backend: str, key: str, due: int) -> None:
        order.append(f"{backend} {due - workshop.clock.wall()}")
        await plan(backend, key, due)

    def adopted(key: str, path: Path, part: str = "") -> None:
        order.append(part)
        adopt(key, path, part)

    monkeypatch.setattr(workshop.painter, "portrait", watched)
    monkeypatch.setattr(workshop.records, "plan_removal", planned)
    monkeypatch.setattr(workshop.store, "adopt", adopted)
    made = await workshop.portraits.make(ALI, "f1")
    assert seen == [b"the image 1440"]
    assert order == [f"local {PLANNED}", "", "64"]
    assert workshop.records.queued == [made.key]
    assert (made.file, made.backend, made.thumbnails, made.size) == ("f1", "local", "64", len("a square of 256"))
    with workshop.store.open(made.key) as large, workshop.store.open(made.key, "64") as small:
        assert (large.read(), small.read()) == (b"a square of 256", b"a square of 64")
    assert list(workshop.work.iterdir()) == []


REFUSED: dict[str, tuple[Callable[[Workshop], object], type[Exception]]] = {
    "another user's": (lambda room: room.image(uid=VALI.uid), NotFound),
    "unknown": (lambda room: room.records.files.clear(), NotFound),
    "not ready": (lambda room: room.image(state="processing"), FileNotReady),
    "no image": (lambda room: room.image(kind="file"), BadRequest),
    "not decoded": (lambda room: room.image(thumbnails=""), BadRequest),
    "not drawn": (lambda room: setattr(room.painter, "blind", True), BadRequest),
    "bytes gone": (lambda room: room.store.remove(KEY), NotFound),
    "store gone": (lambda room: room.image(backend="s3"), StorageUnavailable),
}


@pytest.mark.parametrize("why", REFUSED)
async def test_what_is_refused(workshop: Workshop, why: str) -> None:
    """Nothing is stored, and nothing is left to remove."""
    prepare, error = REFUSED[why]
    prepare(workshop)
    before = set(workshop.store.keys())
    with pytest.raises(error) as refused:
        await workshop.portraits.make(ALI, "f1")
    assert type(refused.value) is error
    assert (set(workshop.store.keys()), workshop.records.queued) == (before, [])
    assert not workshop.work.exists() or list(workshop.work.iterdir()) == []


async def test_a_disk_that_fails(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client may try again; what was stored by then is removed as planned."""

    def broken(key: str, path: Path, part: str = "") -> None:
        raise OSError("no room")

    monkeypatch.setattr(workshop.store, "adopt", broken)
    with pytest.raises(StorageUnavailable):
        await workshop.portraits.make(ALI, "f1")
    assert len(workshop.records.queued) == 1
    assert list(workshop.work.iterdir()) == []
