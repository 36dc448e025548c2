"""Uploads in S3 as rows of chunks, over a bucket in memory: few chunks, and the right bytes whenever a process is killed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import cast

import pytest

from suhbat.files.s3_bucket import Entry, S3Bucket
from suhbat.files.s3_upload import CHUNK, Chunk, S3Upload, covering, parse_chunks
from suhbat.files.store import StoreUnreachable


class Memory:
    """A bucket in memory. `dies_at`: the number of the change with which it fails."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.changes = 0
        self.dies_at = -1

    def put(self, name: str, data: bytes) -> None:
        self._change()
        self.objects[name] = data

    def read(self, name: str, start: int, length: int) -> bytes:
        return self.objects[name][start : start + length]

    def remove(self, names: Sequence[str]) -> None:
        if names:
            self._change()
        for name in names:
            self.objects.pop(name, None)

    def _change(self) -> None:
        self.changes += 1
        if self.changes == self.dies_at:
            raise StoreUnreachable("killed")

    @property
    def chunks(self) -> list[Chunk]:
        return parse_chunks(Entry(name, len(data)) for name, data in self.objects.items())

    def upload(self, offset: int) -> S3Upload:
        return S3Upload(cast(S3Bucket, self), "key", offset, self.chunks)

    @property
    def content(self) -> bytes:
        """What a reader puts together."""
        found = b""
        for name, start, _ in covering(self.chunks):
            found += self.objects[name][len(found) - start :]
        return found


def send(bucket: Memory, offset: int, *pieces: bytes) -> None:
    """One request."""
    upload = bucket.upload(offset)
    for piece in pieces:
        upload.write(piece)
    upload.flush()
    upload.close()


def test_many_small_requests() -> None:
    """However small they are, there are about as many chunks as megabytes."""
    bucket, data = Memory(), random.Random(1).randbytes(5 * CHUNK)
    for at in range(0, len(data), 50_000):
        send(bucket, at, data[at : at + 50_000])
    assert bucket.content == data
    assert len(bucket.chunks) <= 11


def test_nothing_new() -> None:
    """A request that ends before a byte came takes nothing away."""
    bucket = Memory()
    send(bucket, 0, b"salom")
    send(bucket, 5)
    upload = bucket.upload(5)
    upload.close()
    assert bucket.content == b"salom"


@pytest.mark.parametrize("seed", range(20))
def test_killed_at_any_moment(seed: int) -> None:
    """What a flush has acknowledged is there; after that, the same bytes again give the file, and nothing else is left."""
    pick = random.Random(seed)
    bucket, data, acknowledged = Memory(), pick.randbytes(3 * CHUNK), 0
    while acknowledged < len(data):
        bucket.dies_at = bucket.changes + pick.randrange(1, 6)
        at = acknowledged
        try:
            upload = bucket.upload(at)
            while at < len(data):
                piece = data[at : at + pick.choice((10, 60_000, 900_000, CHUNK + 5))]
                upload.write(piece)
                at += len(piece)
                if pick.random() < 0.5:
                    upload.flush()
                    acknowledged = at
            upload.flush()
            acknowledged = at
        except StoreUnreachable:
            assert bucket.content[:acknowledged] == data[:acknowledged]
    assert bucket.content == data


@pytest.mark.parametrize("late", [slice(0, 3), slice(0, 9), slice(4, 20)])
def test_a_late_request_of_another_node(late: slice) -> None:
    """It replaces nothing: its chunk has a name of its own, and the bytes are the same."""
    bucket, data = Memory(), bytes(range(20))
    send(bucket, 0, data[:4])
    send(bucket, 4, data[4:12])
    bucket.put(f"key/at.{late.start:015d}.late", data[late])
    assert bucket.content == data[: max(12, late.stop)]
    send(bucket, 12, data[12:])
    assert bucket.content == data


COVERINGS: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]] = [
    ([], []),
    ([(5, 9)], []),
    ([(0, 4), (4, 8), (9, 12)], [(0, 4), (4, 8)]),
    ([(4, 8), (0, 4)], [(0, 4), (4, 8)]),
    ([(0, 4), (0, 7), (4, 6), (7, 9)], [(0, 7), (7, 9)]),
    ([(0, 4), (2, 6), (3, 5), (5, 9)], [(0, 4), (2, 6), (5, 9)]),
    ([(0, 0), (0, 2)], [(0, 2)]),
]


@pytest.mark.parametrize(("there", "used"), COVERINGS)
def test_covering(there: list[tuple[int, int]], used: list[tuple[int, int]]) -> None:
    """From 0 to the first gap, each time with the chunk that reaches furthest."""
    chunk: Callable[[tuple[int, int]], Chunk] = lambda one: Chunk(str(one), *one)  # noqa: E731
    assert covering([chunk(one) for one in there]) == [chunk(one) for one in used]
