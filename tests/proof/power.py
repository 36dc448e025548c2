"""Power loss, replayed: the writes and flushes of a real server are recorded, and the disk is rebuilt as a power cut
may leave it.

Each cut is a moment of the recording. Data covered by a successful fdatasync (or fsync) is on the disk. Of later writes
each 512 bytes may be there or not. The same holds for ever for writes covered by a *failed* flush, because the system
then considers them clean. SQLite recovers that disk, and must find everything that anybody was told before the cut.
"""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.storm import Somewhere, SomewhereWriter
from tests.servers import PATIENCE, ROOT, Server
from tests.system.trace import OPTIONS, Call, calls

from .forgetful_disk import File, Write
from .history import ROWS, Row, logs
from .kills import LIMITS, SERVE
from .power_files import Contents, Record, upload_until

PEOPLE = 3
REFUSALS = 4
"""Batches whose flush fails. At the last one the process dies, before another batch is written over it."""
LEAST = 60
"""The least number of acknowledged messages in a recording, however slow the machine is."""
RESTART = 400
"""The calls of a new process in which it recovers the files of the one before. Cuts among them are the most delicate."""
STARTING = 15 + 5 * len(list((ROOT / "suhbat" / "store" / "migrations" / "versions").glob("[0-9]*.py")))
"""The most flushes of a thread for a new database: each migration needs two, and three more where each commit checkpoints."""
EVERY = 13
"""In each thread a flush fails soon after the start, and then every thirteenth: a prime, so that over time each flush of a
transaction is hit, whatever their number is."""
_TOLD = re.compile(rb'"conversation":"([^"@]+)","seq":(\d+)')


@dataclass
class Recording:
    """The output of strace, and the logs as they were at the end, when nothing was lost."""

    lines: list[str]
    restart: int
    """How many of the lines belong to the first process."""
    truth: Mapping[str, Sequence[Row]]
    counted: Counter[str]


async def record(place: Path, seed: int, seconds: float, *, eio: bool, sabotage: Sequence[str] = ()) -> Recording:
    """Record a server under strace, with people who talk. `eio`: some flushes fail. At the last of REFUSALS the server
    is killed, and started again on the files that the system then shows, which are more than the disk holds. Otherwise somebody
    uploads files, too. With every other seed the index of the search is written after each batch."""
    faults = [*sabotage, *([] if eio else ["eager_files"]), *(["eager_index"] if seed % 2 else [])]
    server = Server("suhbat", place / "data", settings=LIMITS | {"SUHBAT_GUEST_FILES": "on"})
    server.command = (
        "-m",
        "tests.proof.serve",
        *faults,
        *([f"when_refused:{REFUSALS}"] if eio else []),
        "--",
        *SERVE,
    )
    counted: Counter[str] = Counter()
    lines: list[str] = []
    restart = 0
    inject = ("-e", f"inject=fdatasync:error=EIO:when={STARTING + seed % EVERY}+{EVERY}")
    _start(server, place / "first", inject if eio else ())
    chance = random.Random(seed)
    try:
        names = [f"p{number}" for number in range(PEOPLE)]
        tokens = {name: await asyncio.to_thread(_guest, server, name) for name in [*names, "reader", "uploader"]}
        people: list[Somewhere] = [Somewhere("reader", tokens["reader"], lambda: server.ws)]
        people += [
            _Writer(name, tokens[name], "reader", chance.getrandbits(32), lambda: server.ws, 0.05) for name in names
        ]
        up, over = asyncio.Event(), threading.Event()
        up.set()
        if eio:
            over.set()  # flushes that fail are to be those of messages
        uploading = asyncio.ensure_future(asyncio.to_thread(upload_until, over, server.port, tokens["uploader"], seed))
        async with asyncio.TaskGroup() as tasks:
            living = [tasks.create_task(one.live(up)) for one in people]
            writers = [one for one in people if isinstance(one, _Writer)]
            until, limit = time.monotonic() + seconds, time.monotonic() + seconds + PATIENCE
            assert server.process is not None
            while server.process.poll() is None and time.monotonic() < limit:
                told = sum(len(one.acknowledged) for one in writers)
                refused = sum(one.refusals for one in writers)
                if time.monotonic() > until and told > LEAST and (refused or not eio):
                    break
                await asyncio.sleep(0.01)
            if eio:
                up.clear()
                server.kill()
                server.command = ("-m", "tests.proof.serve", *faults, "--", *SERVE)
                lines += _traced(place / "first")
                restart = len(lines)
                await asyncio.to_thread(_start, server, place / "second", ())
                up.set()
                await asyncio.sleep(seconds / 2)
            over.set()
            server.kill()
            for task in living:
                task.cancel()
        counted["files sent"] = await uploading
        counted["refused"] = sum(one.refusals for one in writers)
        counted["repeated and known"] = sum(one.duplicates for one in writers)
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
    lines += _traced(place / ("second" if eio else "first"))
    return Recording(lines, restart, _rows(place / "data" / "suhbat.db"), counted)


class _Writer(SomewhereWriter):
    refusals = 0

    def refused(self, frame: dict[str, object]) -> None:
        self.refusals += 1
        super().refused(frame)


def _guest(server: Server, name: str) -> str:
    """Make a token guest; asks again if a flush failed."""
    for _ in range(20):
        status, answer = server.request("POST", "/api/v1/guests", {"user_id": name})
        if status == 201:
            return str(answer["token"])
        time.sleep(0.2)
    raise AssertionError(answer)


def _start(server: Server, trace: Path, inject: Sequence[str]) -> None:
    server.prefix = ("strace", *OPTIONS, *inject, "-o", str(trace))
    server.start()


def _traced(output: Path) -> list[str]:
    """The output of strace, once it has seen the server's end."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        lines = output.read_text(encoding="ascii").splitlines()
        if lines and "+++" in lines[-1]:
            return lines
        time.sleep(0.1)
    raise AssertionError("strace did not end with the server")


def _rows(file: Path) -> dict[str, list[Row]]:
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "the database is damaged"
        found = logs(database.execute(ROWS).fetchall())
        ((keys,),) = database.execute("SELECT count(*) FROM idempotency")
    assert keys == sum(row.ordinal is not None for rows in found.values() for row in rows), "a message without its key"
    return found


def _records(file: Path) -> tuple[list[Record], set[str]]:
    """What the database says of uploads, and the keys whose bytes are to be removed."""
    with closing(sqlite3.connect(file)) as database:
        found = database.execute("SELECT key, CASE state WHEN 'ready' THEN size ELSE received END, state FROM files")
        records = [Record(key, received, state == "ready") for key, received, state in found]
        return records, {key for (key,) in database.execute("SELECT key FROM removals")}


def replay(recording: Recording, place: Path, seed: int, cuts: int) -> Counter[str]:
    """Cut the power at this many moments of the recording. Raises AssertionError at the first disk that has lost
    something."""
    counted = Counter(recording.counted)
    seen = list(calls(recording.lines))
    chance = random.Random(seed)
    # The first calls make an empty database, the more of them the slower the machine.
    first = next(at for at, call in enumerate(seen) if _tells(call) and _TOLD.search(call.data))
    moments = set(chance.sample(range(first, len(seen)), min(cuts, len(seen) - first)))
    if recording.restart:
        again_from = sum(1 for _ in calls(recording.lines[: recording.restart]))
        moments |= set(chance.sample(range(again_from, again_from + RESTART), min(cuts, RESTART)))
    files: dict[str, File] = {}
    contents = Contents()
    told: dict[str, int] = {}
    flushing: dict[str, int] = {}
    again: dict[str, int] = {}
    place.mkdir()
    for moment, call in enumerate(seen):
        name = (call.data.decode() if call.name.startswith("unlink") else call.file).rpartition("/")[2]
        if contents.take(call):
            pass
        elif name in ("suhbat.db", "suhbat.db-wal", "suhbat.db-journal"):
            file = files.setdefault(name, File())
            if call.name in ("fdatasync", "fsync"):
                again.pop(name, None)
                if call.result is None:
                    flushing[call.thread] = len(file.writes)
                    counted["flushes"] += 1
                else:
                    before = len(file.writes)
                    file.flush(flushing.pop(call.thread), "durable" if call.result == 0 else "doubtful")
                    gone = before - len(file.writes)
                    flushing = {thread: max(count - gone, 0) for thread, count in flushing.items()}
                    counted["flushes that failed"] += call.result != 0
            elif call.result is None and call.name == "pwrite64":
                file.writes.append(Write(call.number, call.data))
                counted["writes"] += 1
            elif call.result is None and call.name == "write":
                # It is durable only when it is rewritten as a whole (suhbat/store/sqlite/wal.py).
                file.writes.append(Write(again.get(name, 0), call.data))
                again[name] = again.get(name, 0) + len(call.data)
            elif call.result is None and call.name == "ftruncate":
                file.writes.append(Write(call.number, None))
            elif call.result == 0 and call.name.startswith("unlink"):
                del files[name]
        elif _tells(call):
            for log, seq in _TOLD.findall(call.data):
                told[log.decode()] = max(int(seq), told.get(log.decode(), 0))
        if moment in moments and "suhbat.db" in files and told:
            for keep in (0.0, 0.5, 1.0):
                counted["disks checked"] += 1
                try:
                    _check(files, told, recording.truth, place, chance, keep)
                    counted["files checked"] += contents.check(*_records(place / "suhbat.db"), chance, keep)
                except (AssertionError, sqlite3.Error) as error:
                    raise AssertionError(
                        f"seed {seed}, cut after call {moment} of {len(seen)}, keep {keep}: {error}"
                    ) from error
            counted["cuts"] += 1
    counted["messages told"] = sum(told.values())
    return counted


def _tells(call: Call) -> bool:
    """Whether bytes may have gone to somebody."""
    return call.result is None and call.file.startswith(("socket:", "TCP"))


def _check(
    files: Mapping[str, File],
    told: Mapping[str, int],
    truth: Mapping[str, Sequence[Row]],
    place: Path,
    chance: random.Random,
    keep: float,
) -> None:
    for old in place.iterdir():
        old.unlink()
    for name, file in files.items():
        (place / name).write_bytes(file.found(chance, keep))
    found = _rows(place / "suhbat.db")
    for log, rows in found.items():
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1)), f"seq of {log} is not dense"
    for log, seq in told.items():
        # Later events may be of a batch whose flush failed. Its outcome was unknown, and another batch took its place later.
        rows = found.get(log, [])
        assert len(rows) >= seq, f"{log} has {len(rows)} events, and {seq} was told"
        assert rows[:seq] == list(truth[log])[:seq], f"{log} is not what was told"


def run(
    place: Path, seed: int, seconds: float, cuts: int, *, eio: bool = False, sabotage: Iterable[str] = ()
) -> Counter[str]:
    """Record, and replay."""
    recording = asyncio.run(record(place, seed, seconds, eio=eio, sabotage=tuple(sabotage)))
    return replay(recording, place / "disk", seed, cuts)
