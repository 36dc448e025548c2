"""The uploaded files of a recording, on a disk that forgets: their bytes, and the entries of their directories."""

from __future__ import annotations

import http.client
import random
import re
import threading
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.system.trace import Call
from tests.uploading import FILES, FileClient

from .forgetful_disk import File, Write

SIZES, PIECE = (1, 3_000, 12_000), 8_000
"""Bytes of a file and of a request. strace writes down each of them."""
_KEY = re.compile(r"[0-9a-f]{26}")


def upload_until(over: threading.Event, port: int, token: str, seed: int) -> int:
    """Upload small files in pieces, send two of three and delete the third, until `over` or until the server is killed. Returns
    how many were sent."""
    chance, client, sent = random.Random(seed), FileClient(port, token), 0
    with suppress(OSError, http.client.HTTPException, AssertionError):  # flushes may fail, too
        while not over.is_set():
            content = chance.randbytes(chance.choice(SIZES))
            begun = client.begin("small.bin", len(content))
            assert begun.status == 201, begun
            id_ = begun.headers["location"].rpartition("/")[2]
            for start in range(0, len(content), PIECE):
                moved = client.send_bytes(id_, start, content[start : start + PIECE])
                assert moved.status == 204, moved
            client.ready(id_)
            if chance.random() < 1 / 3:
                client.ask("DELETE", f"{FILES}/{id_}")
            else:
                sent += client.send([id_], client_id=id_).status == 201
    return sent


class Record(NamedTuple):
    """What the recovered database says of an upload: so many bytes must be there, and no more if it is complete."""

    key: str
    received: int
    is_complete: bool


@dataclass(slots=True)
class Stored:
    """An upload. `whole`: all of its bytes, as nobody lost them. `entry`, `removal`: whether a flush of the directory covered
    its making, and its removal."""

    directory: str
    file: File = field(default_factory=File)
    whole: bytearray = field(default_factory=bytearray)
    position: int = 0
    entry: bool = False
    is_removed: bool = False


class Contents:
    """Follows the system calls on uploads."""

    def __init__(self) -> None:
        self.stored: dict[str, Stored] = {}
        self._flushing: dict[str, int] = {}
        """By thread: how many writes the flush that it has begun covers."""
        self._syncing: dict[str, tuple[set[str], set[str]]] = {}
        """By thread: the uploads and the removals that its flush of a directory covers."""

    def take(self, call: Call) -> bool:
        """Follow a call. Returns whether it was one on uploads."""
        path = call.data.decode("utf-8", "replace") if call.name.startswith("unlink") else call.file
        directory, _, name = path.rpartition("/")
        if call.name == "fsync" and not _KEY.fullmatch(name):
            return self._sync(call, path)
        if not _KEY.fullmatch(name):
            return False
        if call.name == "ftruncate" and call.result is None:
            found = self.stored.setdefault(name, Stored(directory))
            found.file.writes.append(Write(call.number, None))
            del found.whole[call.number :]
            found.position = call.number  # the store seeks there next
        elif call.name == "write" and call.result is None:
            found = self.stored[name]
            found.file.writes.append(Write(found.position, call.data))
            found.whole[found.position : found.position + len(call.data)] = call.data
            found.position += len(call.data)
        elif call.name == "fsync" and call.result is None:
            self._flushing[call.thread] = len(self.stored[name].file.writes)
        elif call.name == "fsync":
            self.stored[name].file.flush(self._flushing.pop(call.thread), "durable" if call.result == 0 else "doubtful")
        elif call.name.startswith("unlink") and call.result == 0 and name in self.stored:
            self.stored[name].is_removed = True
        return True

    def _sync(self, call: Call, directory: str) -> bool:
        """A flush of a directory."""
        if call.result is None:
            those = {name: one for name, one in self.stored.items() if one.directory == directory}
            removed = {name for name, one in those.items() if one.is_removed}
            self._syncing[call.thread] = (those.keys() - removed, removed)
            return bool(those)
        made, removed = self._syncing.pop(call.thread, (set[str](), set[str]()))
        if call.result == 0:
            for name in made & self.stored.keys():
                self.stored[name].entry = True
            for name in removed & self.stored.keys():
                del self.stored[name]
        return bool(made or removed)

    def check(self, records: Iterable[Record], queued: Collection[str], chance: random.Random, keep: float) -> int:
        """Cut the power: of what no flush covered, each sector and each entry is there with the probability `keep`. Raises
        AssertionError if the database knows of bytes that are lost, or if bytes are left that nothing will remove. Returns how
        many uploads were compared."""
        found: Mapping[str, bytes] = {
            name: one.file.found(chance, keep) for name, one in self.stored.items() if self._is_there(one, chance, keep)
        }
        known = set(queued)
        compared = 0
        for key, received, is_complete in records:
            known.add(key)
            there, whole = found.get(key, b""), self.stored[key].whole if key in self.stored else b""
            assert there[:received] == whole[:received], (
                f"bytes of {key} are lost, of which {received} were acknowledged"
            )
            assert len(there) >= received, f"{key} has {len(there)} bytes of {received}"
            assert not is_complete or len(there) == received, f"{key} has {len(there)} bytes instead of {received}"
            compared += received > 0
        assert not (left := found.keys() - known), f"bytes of no file: {left}"
        return compared

    @staticmethod
    def _is_there(one: Stored, chance: random.Random, keep: float) -> bool:
        if one.is_removed:
            return chance.random() >= keep
        return one.entry or chance.random() < keep
